import { ClusterProcess } from './cluster-process.js';
import { cuts } from './cuts.js';
import { kills } from './kills.js';
import { trial } from './trial.js';

/**
 * Long runs: `npm run chaos -- NAME [--seed N] [--count N]`; without a name all. `trial` is what a person would try: a node that
 * schedules for 50 agents is killed while they read.
 */
const RUNS = {
  kills: async (seed: number, count = 200) => kills({ kills: count, calls: 50 * count, seed }),
  cuts: async (seed: number, count = 10_000) => cuts({ cuts: count, kills: Math.ceil(count / 500), seed }),
  trial: async (_seed: number, count = 50) => trial({ agents: count }),
  cluster: async (seed: number, count = 200) =>
    kills({ kills: count, calls: 60 * count, seed, on: (folder) => ClusterProcess.start(folder) }),
  freezes: async (seed: number, count = 20) =>
    kills({ kills: count, calls: 60 * count, seed, on: (folder) => ClusterProcess.start(folder, FROZEN) }),
  redis: async (seed: number, count = 100) =>
    kills({ kills: count, calls: 50 * count, seed, on: (folder) => ClusterProcess.start(folder, STORE) }),
  doors: async (seed: number, count = 100_000) =>
    cuts({ cuts: count, kills: Math.ceil(count / 500), seed, on: (folder) => ClusterProcess.start(folder, LONG) }),
} as const;

const FROZEN = { strikes: 'freeze', delayMs: { fast: 150, slow: 300 } } as const;
const STORE = { strikes: 'redis', redis: ['--appendfsync', 'always'] } as const;
const LONG = { words: 60, delayMs: { fast: 5, slow: 5 } } as const;

const args = process.argv.slice(2);
const numberOf = (name: string): number | undefined => {
  const at = args.indexOf(`--${name}`);
  if (at < 0) return undefined;
  const value = Number(args[at + 1]);
  if (!Number.isSafeInteger(value) || value < 1) {
    process.stderr.write(`chaos: --${name}: expected a whole number from 1, got "${args[at + 1] ?? ''}"\n`);
    process.exit(2);
  }
  return value;
};
const names = Object.keys(RUNS) as (keyof typeof RUNS)[];
const [name] = args;
const chosen = name === undefined || name.startsWith('--') ? names : names.filter((one) => one === name);
if (chosen.length === 0) {
  process.stderr.write(`chaos: expected one of ${names.join(', ')}, got "${name}"\n`);
  process.exit(2);
}
const seed = numberOf('seed') ?? 1 + (Date.now() % 1_000_000);
for (const one of chosen) {
  console.log(`\n== ${one}, seed ${seed}`);
  const startedAt = performance.now();
  const { violations, ...counts } = await RUNS[one](seed, numberOf('count'));
  console.log(`${JSON.stringify(counts)} in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  for (const line of violations.slice(0, 20)) console.log(`  ${line}`);
  console.log(violations.length === 0 ? 'no violations' : `${violations.length} VIOLATIONS: again with --seed ${seed}`);
  if (violations.length > 0) process.exitCode = 1;
}
