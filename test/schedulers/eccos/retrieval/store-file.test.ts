import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { CaseStore } from '../../../../schedulers/eccos/retrieval/case-store.js';
import { decodeStore, encodeStore } from '../../../../schedulers/eccos/retrieval/store-file.js';
import { sentenceVectors } from './sentence-vectors.js';

const PATH = '/there/cases.bin';
const bytesOf = (store: CaseStore) => Buffer.concat([...encodeStore(store)]);
const decoded = (bytes: Buffer, limits = {}) => decodeStore(bytes, PATH, SPACE, limits);

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
  test('answers as before once restored', () => {
    const store = filledStore();
    const restored = decoded(bytesOf(store));
    expect(restored.points).toBe(store.points);
    expect(JSON.parse(JSON.stringify(answers(restored)))).toEqual(nearly(answers(store)));
  });

  test('has the same bytes for the same content, also after it was restored', () => {
    const bytes = bytesOf(filledStore());
    expect(bytesOf(filledStore()).equals(bytes)).toBe(true);
    expect(bytesOf(decoded(bytes)).equals(bytes)).toBe(true);
  });

  test('goes on forgetting in the order in which it would have', () => {
    const limits = { pointsPerPartition: 950, points: 960 };
    const stores = [filledStore(limits)];
    stores.push(decoded(bytesOf(stores[0] as CaseStore), limits));
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

  test('holds no text, name or prompt', () => {
    const bytes = bytesOf(filledStore()).toString('latin1');
    for (const word of ['secret', 'acme', 'math']) expect(bytes).not.toContain(word);
  });

  test('fits smaller limits: what was rated longest ago is left out', () => {
    const restored = decoded(bytesOf(filledStore()), { pointsPerPartition: 50, points: 95 });
    expect(restored.points).toBe(91);
    const [first] = restored.partitions();
    const [original] = filledStore().partitions();
    expect([...(first?.[1].points() ?? [])].map(({ key }) => key)).toEqual(
      [...(original?.[1].points() ?? [])].map(({ key }) => key).slice(-50),
    );
  });

  test('may be empty', () => {
    expect(decoded(bytesOf(new CaseStore(SPACE.encoder, DIMENSIONS))).points).toBe(0);
  });

  test('of version 1 is read, which had its SHA-256 at the end', () => {
    const bytes = Buffer.from(
      bytesOf(filledStore()).toString('latin1').replace('"version":2', '"version":1'),
      'latin1',
    );
    const hash = createHash('sha256').update(bytes).digest();
    expect(decoded(Buffer.concat([bytes, hash])).points).toBe(941);
    hash[0]! ^= 1;
    expect(() => decoded(Buffer.concat([bytes, hash]))).toThrow(/to be whole, got \d+ bytes that do not match/);
  });
});

describe('refused, with file, rule and value:', () => {
  test.each([
    ['text', 'once upon a time\n', 'to be a retrieval store, got 17 bytes of something else'],
    ['nothing', '', 'to be a retrieval store, got 0 bytes of something else'],
    ['other JSON', '{"format":"other"}\n', 'got "other"'],
    ['another version', '{"format":"eccos-retrieval","version":9}\n', 'got 9'],
  ])('%s', (_, content, message) => {
    expect(() => decoded(Buffer.from(content))).toThrow(message);
    expect(() => decoded(Buffer.from(content))).toThrow(PATH);
  });

  test('vectors of another length or encoder', () => {
    const bytes = bytesOf(filledStore());
    expect(() => decodeStore(bytes, PATH, { ...SPACE, dimensions: 64 })).toThrow(
      `Expected ${PATH} to be of 64 dimensions, got 32`,
    );
    expect(() => decodeStore(bytes, PATH, { ...SPACE, encoder: 'better' })).toThrow(
      `Expected ${PATH} to be of the encoder "better", got "made-up"`,
    );
  });
});
