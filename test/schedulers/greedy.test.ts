import { describe, expect, test } from 'vitest';
import type { PendingCall, SchedulableCore } from '../../schedulers/policy.js';
import { createPolicy } from '../../schedulers/registry.js';
import { coreOf, pendingCall } from '../support/scheduling.js';

const CORES = [
  coreOf('middle', { free: 2, price: 3 }),
  coreOf('small', { free: 2, price: 1 }),
  coreOf('large', { free: 2, price: 9 }),
];
const IDS = CORES.map(({ id }) => id);

function calls(count: number, more: Partial<PendingCall> = {}): PendingCall[] {
  return Array.from({ length: count }, (_, seq) => pendingCall(seq, { eligible: IDS, ...more }));
}

/** The core of each call; undefined: it waits. */
function decide(spec: string, pending = calls(4), cores: readonly SchedulableCore[] = CORES): (string | undefined)[] {
  const placed = createPolicy(spec).schedule({ now: 0, pending, cores });
  return pending.map(({ id }) => placed.find(({ syscallId }) => syscallId === id)?.core);
}

function priced(id: string, inputPerMTok: number, outputPerMTok: number, free = 1): SchedulableCore {
  return { ...coreOf(id, { free }), cap: 1, price: { inputPerMTok, outputPerMTok } };
}

describe('cheapest', () => {
  test('waits for the cheapest core when that is full', () => {
    expect(decide('cheapest')).toEqual(['small', 'small', undefined, undefined]);
    expect(decide('cheapest', calls(1, { eligible: ['middle', 'large'] }))).toEqual(['middle']);
  });

  test('weighs input and output: which core is cheapest depends on the call', () => {
    const cores = [priced('costly-input', 10, 1), priced('costly-output', 1, 10)];
    const one = (inputTokens: number, maxTokens?: number) =>
      decide(
        'cheapest',
        [
          pendingCall(0, {
            inputTokens,
            eligible: ['costly-input', 'costly-output'],
            params: { messages: [{ role: 'user', content: '' }], ...(maxTokens === undefined ? {} : { maxTokens }) },
          }),
        ],
        cores,
      );
    expect(one(255)).toEqual(['costly-input']);
    expect(one(257)).toEqual(['costly-output']);
    expect(one(20, 19)).toEqual(['costly-output']);
    expect(one(20, 21)).toEqual(['costly-input']);
  });

  test('agrees with a search of every core', () => {
    const prices = [
      [5, 1],
      [4, 1],
      [4, 2],
      [1, 3],
      [3, 3],
      [0, 7],
      [2, 5],
    ] as const;
    const cores = prices.map(([input, output], i) => priced(`c${i}`, input, output));
    for (let n = 1; n < 2 ** prices.length; n++) {
      const eligible = cores.filter((_, i) => n & (1 << i)).map(({ id }) => id);
      const inputTokens = (n * 37) % 1500;
      const cost = (id: string) => {
        const { price } = cores.find((core) => core.id === id) as SchedulableCore;
        return inputTokens * price.inputPerMTok + 256 * price.outputPerMTok;
      };
      const [core] = decide('cheapest', [pendingCall(0, { inputTokens, eligible })], cores);
      expect(cost(core ?? '')).toBe(Math.min(...eligible.map(cost)));
    }
  });

  test('does not wait for a core that a reload has closed', () => {
    const cores = [{ ...coreOf('small', { free: 0, price: 1 }), cap: 0 }, coreOf('large', { price: 9 })];
    expect(decide('cheapest', calls(1), cores)).toEqual(['large']);
  });
});

test('cheapest-free takes the next cheapest when the cheapest is full', () => {
  expect(decide('cheapest-free', calls(7))).toEqual([
    'small',
    'small',
    'middle',
    'middle',
    'large',
    'large',
    undefined,
  ]);
});

describe('strongest', () => {
  const rated = (...quality: (number | undefined)[]) =>
    CORES.map((core, i) => ({ ...core, ...(quality[i] === undefined ? {} : { quality: quality[i] }) }));

  test('goes by configured quality, and waits', () => {
    expect(decide('strongest', calls(3), rated(0.9, 0.5, 0.7))).toEqual(['middle', 'middle', undefined]);
    expect(decide('strongest', calls(1, { eligible: ['small', 'large'] }), rated(0.9, 0.5, 0.7))).toEqual(['large']);
  });

  test('goes by output price where a core lacks one', () => {
    expect(decide('strongest', calls(1))).toEqual(['large']);
    expect(decide('strongest', calls(1), rated(0.9, undefined, 0.7))).toEqual(['large']);
  });

  test('does not wait for a core that a reload has closed', () => {
    const cores = [coreOf('small', { price: 1 }), { ...coreOf('large', { free: 0, price: 9 }), cap: 0 }];
    expect(decide('strongest', calls(1), cores)).toEqual(['small']);
  });
});

describe('random', () => {
  const wide = IDS.map((id) => coreOf(id, { free: 2000 }));

  test('draws every eligible core about equally often, and each call for itself', () => {
    const drawn = decide('random', calls(3000), wide);
    for (const id of IDS) expect(drawn.filter((core) => core === id).length / 1000).toBeCloseTo(1, 0.7);
    expect(decide('random', calls(3000).slice(17), wide)).toEqual(drawn.slice(17));
  });

  test('another seed draws otherwise', () => {
    const [one, two] = [1, 2].map((seed) => decide(`random:seed=${seed}`, calls(3000), wide));
    const same = one?.filter((core, i) => core === two?.[i]).length ?? 0;
    expect(same / 1000).toBeCloseTo(1, 0.7);
    expect(() => createPolicy('random:seed=-1')).toThrow(/seed/);
    expect(() => createPolicy('random:seed=0.5')).toThrow(/seed/);
  });

  test('takes what is free', () => {
    expect(decide('random', calls(7)).toSorted()).toEqual([...IDS, ...IDS].toSorted().concat([undefined as never]));
  });
});

test('least-loaded fills all cores to the same share of their caps', () => {
  const cores = [coreOf('a', { cap: 4, free: 4 }), coreOf('b', { cap: 2, free: 1 }), coreOf('c', { cap: 8, free: 8 })];
  const placed = decide('least-loaded', calls(7, { eligible: ['a', 'b', 'c'] }), cores);
  expect(placed).toEqual(['a', 'c', 'c', 'a', 'c', 'c', 'a']);
});

test.each([
  'cheapest',
  'cheapest-free',
  'strongest',
  'random',
  'least-loaded',
])('%s looks at no further call once every slot is taken', (spec) => {
  const only = [coreOf('small', { free: 1 })];
  const unread = new Proxy(pendingCall(1), {
    get: () => {
      throw new Error('looked at');
    },
  });
  const first = pendingCall(0, { eligible: ['small'] });
  expect(createPolicy(spec).schedule({ now: 0, pending: [first, unread], cores: only })).toHaveLength(1);
});
