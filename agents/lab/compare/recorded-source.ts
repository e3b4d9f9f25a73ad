import { fitPrices } from '../../../kernel/cores/fit-price.js';
import type { CoreConfig } from '../../../kernel/cores/kinds/registry.js';
import { recordedConfig } from '../../../kernel/cores/recorded.js';
import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import type { Millis } from '../../../syscalls/syscall.js';
import { poisson, spreadSteps } from '../load/arrivals.js';
import type { Random } from '../load/random.js';
import { recordedLoad } from '../load/recorded-load.js';
import { readTrace } from '../load/trace-file.js';
import { commonRecords, modelsOf, readRecordSet } from '../records/labelled-records.js';
import { splitOf } from '../records/split.js';
import { DEFAULT_CAPS, defaultCapOf, withCapsOf } from './caps.js';
import { type CompareOptions, NOMINAL_RATE } from './options.js';
import type { Source } from './source.js';

/**
 * Real prompts, answered by cores that replay what the models made of them. Only records that every chosen model
 * answered take part.
 *
 * @throws SyscallError `invalid-config` for a bad file or an unknown model
 */
export async function recordedSource(options: CompareOptions): Promise<Source> {
  const { data, split, caps = DEFAULT_CAPS, trace, agents } = options;
  const { records: all, outcomes } = await readRecordSet(data, options.skipBad ?? false);
  const models = modelsOf(all, options.models);
  const inSplit = split === 'all' ? all : all.filter(({ prompt }) => splitOf(prompt) === split);
  const records = commonRecords(all, inSplit, models, split);
  const cores = recordedCores(all, models, data);
  const times = await arrivals(options, records.length);
  return {
    cores: await withCapsOf(caps, cores),
    deps: { outcomes },
    prompts: records.map(({ prompt }) => prompt),
    examples: async () => all.filter(({ prompt }) => splitOf(prompt) === 'train'),
    pace: 'arrivals',
    draw: (random) => recordedLoad(random, records, times(random.stream('arrivals')), agents),
    about: {
      name: 'recorded',
      ratePerS: trace === undefined ? (options.rate ?? NOMINAL_RATE) : null,
      trace: trace ?? null,
      data: [...data],
      split,
      records: records.length,
      leftOut: inSplit.length - records.length,
      capsSource: caps === DEFAULT_CAPS ? 'default' : 'file',
    },
  };
}

/** A trace has its own times, the same for every seed but for those inside a step; else they are Poisson. */
async function arrivals(
  { trace, syscalls, limit = Number.POSITIVE_INFINITY, rate = NOMINAL_RATE }: CompareOptions,
  records: number,
): Promise<(random: Random) => Millis[]> {
  if (trace === undefined) return (random) => poisson(random, rate, Math.min(syscalls ?? records, limit));
  const times = await readTrace(trace, Math.min(syscalls ?? limit, limit));
  return (random) => spreadSteps(random, times);
}

/** Models as cores that replay these records, at fitted prices and with the default caps. @param data files, for messages */
export function recordedCores(
  records: readonly OutcomeRecord[],
  models: readonly string[],
  data: readonly string[],
): readonly CoreConfig[] {
  const prices = fitPrices(records);
  return models.map((model) =>
    recordedConfig.parse({
      kind: 'recorded',
      id: model,
      model,
      profile: model,
      data: [...data],
      price: prices.get(model),
      cap: defaultCapOf(model),
      chunkMs: 0,
    }),
  );
}
