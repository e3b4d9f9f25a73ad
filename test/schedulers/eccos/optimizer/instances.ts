import { type AssignmentProblem, solveAssignment } from '../../../../schedulers/eccos/optimizer/solve-assignment.js';

export const kinds = [
  'random',
  'corr',
  'tightcaps',
  'tightalpha',
  'ties',
  'zerocaps',
  'identical',
  'real',
  'loose',
] as const;
export type Kind = (typeof kinds)[number];

export interface Instance extends AssignmentProblem {
  readonly cost: Float64Array;
  readonly quality: Float64Array;
  readonly caps: Int32Array;
  readonly alpha: number;
}

/** Mulberry32: small, seeded, the same on every machine. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** 20 models: accuracy .38 to .91, price 0.06 to 60 dollars per million tokens, correlated but not perfectly so. */
const models = Array.from({ length: 20 }, (_, j) => ({
  accuracy: 0.38 + (0.53 * (j + (j % 3 === 1 ? 1.5 : 0))) / 20.5,
  price: 0.06 * 1000 ** ((j + (j % 4 === 2 ? -2 : 0)) / 19),
}));

const slotsPerCall: Record<Kind, number> = {
  random: 1.5,
  corr: 2,
  tightcaps: 1,
  tightalpha: 1.4,
  ties: 1.3,
  zerocaps: 1.6,
  identical: 1.3,
  real: 1.6,
  loose: Infinity,
};

/** An instance of the nine kinds on which the optimiser is measured; alpha lies half way (tightalpha: 98 %) to the best. */
export function makeInstance(kind: Kind, n: number, m: number, seed: number): Instance {
  const random = seeded(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(n, 31) ^ Math.imul(m, 7919) ^ kinds.indexOf(kind));
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const chosen = [...models.keys()]
    .map((j) => ({ j, key: random() }))
    .sort((a, b) => a.key - b.key)
    .slice(0, m)
    .map(({ j }) => models[j]!);
  const cost = new Float64Array(n * m);
  const quality = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    const difficulty = normal();
    const tokens = Math.exp(6 + normal());
    for (let j = 0; j < m; j++) {
      const cell = i * m + j;
      const { accuracy, price } = chosen[j]!;
      const ability = Math.log(accuracy / (1 - accuracy));
      if (kind === 'random') {
        cost[cell] = random();
        quality[cell] = random();
      } else if (kind === 'ties') {
        cost[cell] = 1 + Math.floor(20 * random());
        quality[cell] = Math.floor(11 * random()) / 10;
      } else if (kind === 'identical' && i > 0) {
        cost[cell] = cost[j]!;
        quality[cell] = quality[j]!;
      } else if (kind === 'real') {
        cost[cell] = (price * tokens * Math.exp(0.3 * normal())) / 1e6;
        quality[cell] = 1 / (1 + Math.exp(1.3 * difficulty - ability + 0.4 * normal()));
      } else {
        const rank = random();
        cost[cell] = (0.5 + random()) * 100 ** (0.7 * rank + 0.3 * random());
        quality[cell] = Math.min(1, 0.3 + 0.5 * rank + 0.2 * random());
      }
    }
  }
  const caps = makeCaps(kind, n, m, random);
  const problem = { n, m, cost, quality, caps };
  const cheapest = solveAssignment({ ...problem, alpha: -1 });
  const best = solveAssignment({ ...problem, budget: Infinity });
  const way = kind === 'tightalpha' ? 0.98 : 0.5;
  const calls = Math.max(1, cheapest.assignment.filter((core) => core >= 0).length);
  return { ...problem, alpha: (cheapest.quality + way * (best.quality - cheapest.quality)) / calls };
}

function makeCaps(kind: Kind, n: number, m: number, random: () => number): Int32Array {
  if (kind === 'loose') return new Int32Array(m).fill(n);
  const share = Float64Array.from({ length: m }, (_, j) => (kind === 'zerocaps' && j % 3 === 2 ? 0 : 0.3 + random()));
  const sum = share.reduce((a, b) => a + b, 0);
  const wanted = Math.round(slotsPerCall[kind] * n);
  const caps = Int32Array.from(share, (s) => Math.floor((s / sum) * wanted));
  for (let j = 0, missing = wanted - caps.reduce((a, b) => a + b, 0); missing > 0; j = (j + 1) % m) {
    if (share[j]! === 0) continue;
    caps[j]!++;
    missing--;
  }
  return caps;
}
