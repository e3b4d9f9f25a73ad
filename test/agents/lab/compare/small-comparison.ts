import type { CallRecord } from '../../../../agents/lab/compare/call-record.js';
import { compare } from '../../../../agents/lab/compare/compare.js';
import { type CompareOptions, compareFlags } from '../../../../agents/lab/compare/options.js';
import type { CompareReport } from '../../../../agents/lab/compare/report.js';

export const DEFAULTS: CompareOptions = {
  ...compareFlags.parse({}),
  dial: { key: 'waitPrice', values: [] },
  load: 'mixed',
  trace: undefined,
  arrivals: [],
  shares: [],
  command: 'eccos compare',
  policies: ['fifo', 'round-robin'],
  modules: [],
  base: 'fifo',
  seeds: 2,
  agents: 10,
  syscalls: 120,
  models: undefined,
  split: 'test',
};

export interface Outcome {
  readonly report: CompareReport;
  /** By policy and seed, as `fifo/1`. */
  readonly calls: ReadonlyMap<string, readonly CallRecord[]>;
}

/** A small comparison: fifo and round-robin, 2 seeds of 120 calls, unless asked otherwise. */
export async function run(changes: Partial<CompareOptions>): Promise<Outcome> {
  const calls = new Map<string, readonly CallRecord[]>();
  const report = await compare(
    { ...DEFAULTS, ...changes },
    {
      onStart() {},
      onCall() {},
      async onTrial(policy, seed, own) {
        calls.set(`${policy}/${seed}`, own);
      },
    },
  );
  return { report, calls };
}
