import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { CaseStore } from '../../../../schedulers/eccos/retrieval/case-store.js';
import { restoreStore, saveStore } from '../../../../schedulers/eccos/retrieval/store-file.js';
import { sentenceVectors } from './sentence-vectors.js';

const folder = mkdtempSync(join(tmpdir(), 'case-store-'));
afterAll(() => rmSync(folder, { recursive: true }));

const DIMENSIONS = 32;
const SPACE = { encoder: 'made-up', dimensions: DIMENSIONS };
const MODELS = ['a', 'b', '__proto__'];
const TASKS = ['math', undefined, '"\n\u2028'];

/** Partitions of 900, 40 and 1 points, some rated again, in part for one model and in part for all. */
function filledStore(limits = {}): CaseStore {
  const draw = sentenceVectors(DIMENSIONS, 1);
  const store = new CaseStore(SPACE.encoder, DIMENSIONS, limits);
  for (const [t, points] of [900, 40, 1].entries()) {
    const name = { tenant: 'acme', task: TASKS[t] };
    for (let n = 0; n < points; n++) {
      const vector = draw();
      const rated = n % 5 === 0 ? MODELS : [MODELS[n % 2] as string];
      for (const model of rated)
        store.insert(name, `secret ${n}`, vector, model, { score: (n % 3) / 2, outputTokens: n });
      if (n % 7 === 0) store.insert(name, 'secret 0', vector, 'a', { score: 0.25, outputTokens: n });
    }
  }
  return store;
}

function answers(store: CaseStore): unknown[] {
  const draw = sentenceVectors(DIMENSIONS, 9);
  return TASKS.flatMap((task) =>
    Array.from({ length: 10 }, () => {
      const query = draw();
      const name = { tenant: 'acme', task };
      return [store.estimate(name, query, MODELS), store.published(name, query, MODELS)];
    }),
  );
}

/** Every number up to a hundred-thousandth: sums were added up in another order, and the graph computes in 32 bits. */
function nearly(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, part) => (typeof part === 'number' ? expect.closeTo(part, 4) : part));
}

describe('a saved store', () => {
  const path = join(folder, 'store');

  test('answers as before once restored', async () => {
    const store = filledStore();
    await saveStore(store, path);
    const restored = await restoreStore(path, SPACE);
    expect(restored.points).toBe(store.points);
    expect(JSON.parse(JSON.stringify(answers(restored)))).toEqual(nearly(answers(store)));
  });

  test('has the same bytes for the same content, also after it was restored', async () => {
    await saveStore(filledStore(), path);
    const bytes = readFileSync(path);
    await saveStore(filledStore(), path);
    expect(readFileSync(path).equals(bytes)).toBe(true);
    await saveStore(await restoreStore(path, SPACE), path);
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  test('goes on forgetting in the order in which it would have', async () => {
    const limits = { pointsPerPartition: 950, points: 960 };
    const stores = [filledStore(limits)];
    await saveStore(stores[0] as CaseStore, path);
    stores.push(await restoreStore(path, SPACE, limits));
    for (const store of stores) {
      const draw = sentenceVectors(DIMENSIONS, 5);
      for (let n = 0; n < 30; n++)
        store.insert({ tenant: 'acme', task: undefined }, `new ${n}`, draw(), 'a', { score: 1, outputTokens: 1 });
    }
    const held = stores.map((store) =>
      store.partitions().map(([id, partition]) => [id, [...partition.points()].map(({ key }) => key)]),
    );
    expect(held[0]).toHaveLength(2);
    expect(held[1]).toEqual(held[0]);
  });

  test('holds no text, name or prompt', async () => {
    await saveStore(filledStore(), path);
    const bytes = readFileSync(path, 'latin1');
    for (const word of ['secret', 'acme', 'math']) expect(bytes).not.toContain(word);
  });

  test('fits smaller limits: what was rated longest ago is left out', async () => {
    await saveStore(filledStore(), path);
    const restored = await restoreStore(path, SPACE, { pointsPerPartition: 50, points: 95 });
    expect(restored.points).toBe(91);
    const [first] = restored.partitions();
    const [original] = filledStore().partitions();
    expect([...(first?.[1].points() ?? [])].map(({ key }) => key)).toEqual(
      [...(original?.[1].points() ?? [])].map(({ key }) => key).slice(-50),
    );
  });

  test('may be empty', async () => {
    await saveStore(new CaseStore(SPACE.encoder, DIMENSIONS), path);
    expect((await restoreStore(path, SPACE)).points).toBe(0);
  });

  test('that cannot be written leaves the older one whole, and nothing beside it', async () => {
    await saveStore(filledStore(), path);
    const bytes = readFileSync(path);
    mkdirSync(`${path}.new`);
    await expect(saveStore(filledStore(), path)).rejects.toThrow(`Expected ${path} to be writable, got: EISDIR`);
    rmdirSync(`${path}.new`);
    expect(readFileSync(path).equals(bytes)).toBe(true);

    const taken = join(folder, 'folder');
    mkdirSync(taken);
    await expect(saveStore(filledStore(), taken)).rejects.toThrow(`Expected ${taken} to be writable`);
    const missing = join(folder, 'missing', 'store');
    await expect(saveStore(filledStore(), missing)).rejects.toThrow(`Expected ${missing} to be writable, got: ENOENT`);
    expect(readdirSync(folder).sort()).toEqual(['folder', 'store']);
  });
});

describe('refused, with file, rule and value:', () => {
  const path = join(folder, 'whole');
  const other = join(folder, 'other');
  const altered = async (change: (bytes: Buffer) => Uint8Array | string) => {
    await saveStore(filledStore(), path);
    writeFileSync(other, change(readFileSync(path)));
    return restoreStore(other, SPACE);
  };

  test('an absent file', async () => {
    await expect(restoreStore(join(folder, 'none'), SPACE)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining(
        `Expected ${join(folder, 'none')} to be a readable retrieval store, got: ENOENT`,
      ),
    });
  });

  test('a file cut anywhere', async () => {
    await saveStore(filledStore(), path);
    const bytes = readFileSync(path);
    for (const share of [0, 0.0001, 0.001, 0.1, 0.5, 0.9, 0.9999, 1 - 1 / bytes.length]) {
      writeFileSync(other, bytes.subarray(0, Math.floor(share * bytes.length)));
      await expect(restoreStore(other, SPACE)).rejects.toMatchObject({
        code: 'invalid-config',
        message: expect.stringContaining(other),
      });
    }
  });

  test('a changed bit', async () => {
    const flipped = altered((bytes) => bytes.fill((bytes[5000] as number) ^ 1, 5000, 5001));
    await expect(flipped).rejects.toThrow(/to be whole, got \d+ bytes that do not match their SHA-256/);
  });

  test('a file with more behind it', async () => {
    await expect(altered((bytes) => Buffer.concat([bytes, Buffer.from('x')]))).rejects.toThrow('to be whole');
  });

  test.each([
    ['text', 'once upon a time\n', 'to be a retrieval store, got 17 bytes of something else'],
    ['other JSON', '{"format":"other"}\n', 'got "other"'],
    ['another version', (bytes: Buffer) => bytes.toString('latin1').replace('"version":1', '"version":9'), 'got 9'],
  ])('%s', async (_, content, message) => {
    const change = typeof content === 'string' ? () => content : content;
    await expect(altered(change)).rejects.toThrow(message);
    await expect(altered(change)).rejects.toThrow(other);
  });

  test('vectors of another length or encoder', async () => {
    await saveStore(filledStore(), path);
    await expect(restoreStore(path, { ...SPACE, dimensions: 64 })).rejects.toThrow(
      `Expected ${path} to be of 64 dimensions, got 32`,
    );
    await expect(restoreStore(path, { ...SPACE, encoder: 'better' })).rejects.toThrow(
      `Expected ${path} to be of the encoder "better", got "made-up"`,
    );
  });
});
