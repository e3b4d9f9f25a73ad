import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CaseStore, type PartitionName, type Retrieved } from '../../../../schedulers/eccos/retrieval/case-store.js';
import { SyscallError } from '../../../../syscalls/errors.js';
import { sentenceVectors, unit } from './sentence-vectors.js';

const NAME = { tenant: 'acme', task: 'math' };
const EAST = unit([1, 0, 0, 0]);
const NORTH = unit([0, 1, 0, 0]);
const MODELS = ['a', 'b', 'c'];
const right = { score: 1, outputTokens: 100 };
const wrong = { score: 0, outputTokens: 10 };

describe('what is not known is said to be so', () => {
  test('an empty store and an unknown partition', () => {
    const store = new CaseStore('made-up', 4);
    expect(store.estimate(NAME, EAST, ['a', 'b'])).toEqual({ points: 0, estimates: [undefined, undefined] });
    expect(store.published(NAME, EAST, ['a'])).toBeUndefined();
    expect(store.points).toBe(0);
    expect(store.partitions()).toEqual([]);
  });

  test('a model that was never rated there', () => {
    const store = new CaseStore('made-up', 4);
    store.insert(NAME, 'one', EAST, 'a', right);
    const { points, estimates } = store.estimate(NAME, EAST, ['b', 'a']);
    expect(points).toBe(1);
    expect(estimates[0]).toBeUndefined();
    expect(estimates[1]).toMatchObject({ count: 1, nEffective: 1, similarity: 1, nearest: { quality: 1 } });
    expect(store.published(NAME, EAST, ['b', 'a'])).toEqual([
      { quality: 0, tokens: 0 },
      { quality: 1, tokens: 100 },
    ]);
  });
});

describe('one text is one point', () => {
  test('rated for another model, it has two outcomes', () => {
    const store = new CaseStore('made-up', 4);
    store.insert(NAME, 'one', EAST, 'a', right);
    store.insert(NAME, 'one', EAST, 'b', wrong);
    expect(store.points).toBe(1);
    const [a, b] = store.estimate(NAME, EAST, ['a', 'b']).estimates;
    expect([a?.nearest.quality, b?.nearest.quality]).toEqual([1, 0]);
  });

  test('rated again for the same model, the new outcome holds', () => {
    const store = new CaseStore('made-up', 4);
    store.insert(NAME, 'one', EAST, 'a', right);
    store.insert(NAME, 'one', EAST, 'a', wrong);
    expect(store.points).toBe(1);
    expect(store.estimate(NAME, EAST, ['a']).estimates[0]).toMatchObject({ count: 1, local: { quality: 0 } });
  });

  test('the nearer point weighs more', () => {
    const store = new CaseStore('made-up', 4);
    store.insert(NAME, 'one', EAST, 'a', right);
    store.insert(NAME, 'two', NORTH, 'a', wrong);
    // Weights 1 and e^-5, and one pseudo-count of the local mean .5.
    const w = Math.exp(-5);
    const [a] = store.estimate(NAME, EAST, ['a']).estimates;
    expect(a?.local.quality).toBe(0.5);
    expect(a?.nearest.quality).toBeCloseTo(1.5 / (2 + w), 12);
  });

  test('a question about no model, or one that was never rated, has no neighbours in a large partition either', () => {
    const draw = sentenceVectors(4, 3);
    const store = new CaseStore('made-up', 4);
    for (let n = 0; n < 700; n++) store.insert(NAME, `${n}`, draw(), 'a', right);
    expect(store.estimate(NAME, EAST, [])).toEqual({ points: 700, estimates: [] });
    expect(store.estimate(NAME, EAST, ['b'])).toEqual({ points: 700, estimates: [undefined] });
  });

  test('a model that few points were rated for is estimated from those, behind many of another model', () => {
    const draw = sentenceVectors(4, 1);
    const store = new CaseStore('made-up', 4);
    for (let n = 0; n < 450; n++) store.insert(NAME, `other ${n}`, draw(), 'common', right);
    for (let n = 0; n < 10; n++) store.insert(NAME, `own ${n}`, draw(), 'rare', n < 3 ? right : wrong);
    const [rare] = store.estimate(NAME, draw(), ['rare', 'common']).estimates;
    expect(rare).toMatchObject({ count: 10, local: { quality: 0.3 } });
    expect(rare?.nEffective).toBeGreaterThan(1);
  });
});

describe('partitions never mix', () => {
  const names: readonly PartitionName[] = [
    { tenant: 'acme', task: 'math' },
    { tenant: 'acme', task: 'law' },
    { tenant: 'other', task: 'math' },
    { tenant: 'acme', task: undefined },
    { tenant: 'acme', task: 'undefined' },
    { tenant: 'acme', task: '' },
    { tenant: '', task: 'acme' },
    { tenant: 'acme","math', task: '' },
    { tenant: '__proto__', task: 'constructor' },
    { tenant: '\ud800', task: '\ud801' },
    { tenant: '\ud801', task: '\ud800' },
    { tenant: 'x'.repeat(1_000_000), task: 'y' },
    { tenant: 'x'.repeat(1_000_001), task: 'y' },
  ];

  test('whatever they are called', () => {
    const store = new CaseStore('made-up', 4);
    for (const [n, name] of names.entries()) store.insert(name, 'one', EAST, 'a', { score: n / 100, outputTokens: n });
    expect(store.points).toBe(names.length);
    for (const [n, name] of names.entries()) {
      const { points, estimates } = store.estimate(name, EAST, ['a']);
      expect([points, estimates[0]?.count, estimates[0]?.local.quality]).toEqual([1, 1, n / 100]);
    }
  });

  test('nor do models, whatever they are called', () => {
    const store = new CaseStore('made-up', 4);
    store.insert(NAME, '__proto__', EAST, '__proto__', right);
    const { estimates } = store.estimate(NAME, EAST, ['toString', '__proto__', 'constructor']);
    expect(estimates.map((estimate) => estimate?.count)).toEqual([undefined, 1, undefined]);
  });
});

describe('memory is bounded', () => {
  test('a full partition forgets the text that was rated longest ago; asking keeps nothing', () => {
    const store = new CaseStore('made-up', 4, { pointsPerPartition: 2 });
    store.insert(NAME, 'one', EAST, 'a', right);
    store.insert(NAME, 'two', NORTH, 'b', right);
    store.insert(NAME, 'one', EAST, 'a', right);
    store.estimate(NAME, NORTH, ['b']);
    store.insert(NAME, 'three', EAST, 'a', wrong);
    const { points, estimates } = store.estimate(NAME, NORTH, ['a', 'b']);
    expect([points, estimates[0]?.count, estimates[1]]).toEqual([2, 2, undefined]);
  });

  test('a full store forgets the partition that was rated in or asked longest ago', () => {
    const store = new CaseStore('made-up', 4, { points: 3 });
    for (const task of ['one', 'two', 'three']) store.insert({ tenant: 't', task }, 'text', EAST, 'a', right);
    store.estimate({ tenant: 't', task: 'one' }, EAST, ['a']);
    store.insert({ tenant: 't', task: 'four' }, 'text', EAST, 'a', right);
    const held = (task: string) => store.estimate({ tenant: 't', task }, EAST, ['a']).points;
    expect(['one', 'two', 'three', 'four'].map(held)).toEqual([1, 0, 1, 1]);
  });

  test.each([
    { points: 4 },
    { partitions: 4 },
  ])('a full store forgets of the tenant that fills most of it, %o', (limits) => {
    const store = new CaseStore('made-up', 4, limits);
    const insert = (tenant: string, task: string) => store.insert({ tenant, task }, 'text', EAST, 'a', right);
    insert('small', 'old');
    for (let n = 0; n < 20; n++) insert('large', `${n}`);
    const held = (tenant: string, task: string) => store.estimate({ tenant, task }, EAST, ['a']).points;
    expect([held('small', 'old'), held('large', '0'), held('large', '19')]).toEqual([1, 0, 1]);
    expect(store.points).toBe(4);
  });

  test('a partition may have as many points as the store at most', () => {
    const store = new CaseStore('made-up', 4, { points: 3, pointsPerPartition: 10 });
    for (let n = 0; n < 5; n++) store.insert(NAME, `${n}`, EAST, 'a', right);
    expect(store.points).toBe(3);
  });

  test('distinct texts without end take no more than the points that a store may have', () => {
    const store = new CaseStore('e', 4, { pointsPerPartition: 100, points: 250 });
    for (let n = 0; n < 5000; n++) {
      const name = { tenant: 'acme', task: `task ${n % 7}` };
      store.insert(name, `text ${n}`, EAST, 'a', { score: 1, outputTokens: 1 });
    }
    const partitions = store.partitions().map(([, partition]) => partition);
    expect(partitions.reduce((sum, { size }) => sum + size, 0)).toBe(store.points);
    expect(store.points).toBeLessThanOrEqual(250);
    for (const partition of partitions) {
      const [point] = partition.points();
      // The room that its vectors share.
      expect(point?.vector.buffer.byteLength).toBeLessThanOrEqual(100 * 4 * Float32Array.BYTES_PER_ELEMENT);
    }
  });

  test('many tenants of one party push out their own', () => {
    const store = new CaseStore('e', 4, { pointsPerPartition: 100, points: 200 });
    const insert = (tenant: string, n: number) =>
      store.insert({ tenant, task: 't' }, `text ${n}`, EAST, 'a', { score: 1, outputTokens: 1 });
    for (let n = 0; n < 90; n++) insert('victim', n);
    for (let n = 0; n < 1000; n++) insert(`flood/${n}`, n);
    expect(store.estimate({ tenant: 'victim', task: 't' }, EAST, ['a']).points).toBe(90);
    expect(store.points).toBeLessThanOrEqual(200);
  });

  test('over 100,000 random operations, and what is held is what was rated last', () => {
    const limits = { pointsPerPartition: 12, points: 30, partitions: 4 };
    const draw = sentenceVectors(4, 2);
    const vectors = Array.from({ length: 40 }, draw);
    const operation = fc.record({
      ask: fc.boolean(),
      task: fc.integer({ min: 0, max: 6 }),
      text: fc.integer({ min: 0, max: 39 }),
      model: fc.constantFrom(...MODELS),
      score: fc.constantFrom(0, 0.5, 1),
      outputTokens: fc.integer({ min: 0, max: 4000 }),
    });
    let operations = 0;
    fc.assert(
      fc.property(fc.array(operation, { minLength: 1000, maxLength: 1000, size: 'max' }), (all) => {
        const store = new CaseStore('made-up', 4, limits);
        /** What should be held: tasks used longest ago first, texts rated longest ago first. */
        const expected = new Map<string, Map<number, Map<string, number>>>();
        for (const { ask, task, text, model, score, outputTokens } of all) {
          operations++;
          const name = { tenant: 't', task: `${task}` };
          const vector = vectors[text] as Float32Array;
          const known = expected.get(name.task);
          const texts = known ?? new Map<number, Map<string, number>>();
          if (ask) {
            if (!agrees(store.estimate(name, vector, MODELS), texts)) return false;
            if (known === undefined) continue;
          } else {
            store.insert(name, `${text}`, vector, model, { score, outputTokens });
            const outcomes = texts.get(text) ?? new Map<string, number>();
            texts.delete(text);
            texts.set(text, outcomes.set(model, score));
            const [oldest] = texts.keys();
            if (texts.size > limits.pointsPerPartition) texts.delete(oldest as number);
          }
          expected.delete(name.task);
          expected.set(name.task, texts);
          const total = () => [...expected.values()].reduce((sum, { size }) => sum + size, 0);
          while (expected.size > limits.partitions || total() > limits.points)
            expected.delete(expected.keys().next().value as string);
          if (store.points !== total() || store.partitions().length !== expected.size) return false;
        }
        return true;
      }),
      { numRuns: 100 },
    );
    expect(operations).toBeGreaterThanOrEqual(100_000);
  });
});

describe('what is no vector or outcome is refused', () => {
  const store = new CaseStore('made-up', 4);
  const refused = (name: string, change: { vector?: Float32Array; score?: number; outputTokens?: number }) =>
    [name, { vector: EAST, ...right, ...change }] as const;

  test.each([
    refused('`vector` of a rated or asked call to be 4 numbers, got 3', { vector: unit([1, 2, 3]) }),
    refused('`vector` of a rated or asked call to be finite and of length 1, got length 0', {
      vector: new Float32Array(4),
    }),
    refused('of length 1, got length NaN', { vector: Float32Array.of(1, Number.NaN, 0, 0) }),
    refused('of length 1, got length Infinity', { vector: Float32Array.of(1, Number.POSITIVE_INFINITY, 0, 0) }),
    refused('of length 1, got length 2', { vector: Float32Array.of(2, 0, 0, 0) }),
    refused('`score` of a rated or asked call to be a number from 0 to 1, got 1.5', { score: 1.5 }),
    refused('got NaN', { score: Number.NaN }),
    refused('`outputTokens` of a rated or asked call to be an integer from 0 to 2^32 - 1, got -1', {
      outputTokens: -1,
    }),
    refused('got 0.5', { outputTokens: 0.5 }),
  ])('%s', (message, { vector, score, outputTokens }) => {
    const insert = () => store.insert(NAME, 'one', vector, 'a', { score, outputTokens });
    expect(insert).toThrow(SyscallError);
    expect(insert).toThrow(message);
    expect(store.points).toBe(0);
  });

  test('also in a question', () => {
    expect(() => store.estimate(NAME, new Float32Array(4), ['a'])).toThrow('of length 1, got length 0');
    expect(() => store.published(NAME, new Float32Array(5), ['a'])).toThrow('4 numbers, got 5');
  });
});

/** What is retrieved counts and averages exactly these texts, each with its score by model. */
function agrees({ points, estimates }: Retrieved, texts: ReadonlyMap<number, ReadonlyMap<string, number>>): boolean {
  return (
    points === texts.size &&
    MODELS.every((model, n) => {
      const scores = [...texts.values()].flatMap((outcomes) => outcomes.get(model) ?? []);
      const estimate = estimates[n];
      if (estimate === undefined || scores.length === 0) return estimate === undefined && scores.length === 0;
      const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
      return estimate.count === scores.length && Math.abs(estimate.local.quality - mean) < 1e-9;
    })
  );
}
