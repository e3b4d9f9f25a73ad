import { fitPrices } from '../../../kernel/cores/fit-price.js';
import { recordedConfig } from '../../../kernel/cores/recorded.js';
import type { CoreConfig } from '../../../kernel/cores/registry.js';
import type { Price } from '../../../syscalls/cores.js';
import { SyscallError } from '../../../syscalls/errors.js';
import type { Millis } from '../../../syscalls/syscall.js';
import { poisson, spreadSteps } from '../load/arrivals.js';
import type { Random } from '../load/random.js';
import { recordedLoad } from '../load/recorded-load.js';
import { readTrace } from '../load/trace-file.js';
import { splitOf } from '../records/split.js';
import { withCapsOf } from './caps.js';
import { defaultCapOf } from './default-caps.js';
import { type CompareOptions, NOMINAL_RATE } from './options.js';
import { answeredBy, nothingInCommon, readData } from './outcome-data.js';
import type { Source } from './source.js';

/**
 * Real prompts, answered by cores that replay what the models made of them. Only records that every chosen model
 * answered take part.
 *
 * @throws SyscallError `invalid-config` for a bad file or an unknown model
 */
export async function recordedSource(options: CompareOptions): Promise<Source> {
  const { data, split, caps, trace, agents } = options;
  const { records: all, outcomes } = await readData(data, options.skipBad);
  const models = options.models ?? [...new Set(all.flatMap((record) => record.outputs.map(({ model }) => model)))];
  for (const model of models) {
    if (!all.some((record) => answeredBy(record, model))) {
      throw new SyscallError(
        'invalid-config',
        `--models: Expected models that ${data.join(', ')} know, got "${model}"`,
      );
    }
  }
  const inSplit = split === 'all' ? all : all.filter(({ prompt }) => splitOf(prompt) === split);
  const records = inSplit.filter((record) => models.every((model) => answeredBy(record, model)));
  if (records.length === 0) throw nothingInCommon(all, inSplit, models, split);
  const prices = fitPrices(all);
  const cores = models.map((model) => coreOf(model, prices.get(model), data));
  const times = await arrivals(options, records.length);
  return {
    cores: caps === undefined ? cores : await withCapsOf(caps, cores),
    deps: { outcomes },
    prompts: records.map(({ prompt }) => prompt),
    examples: all.filter(({ prompt }) => splitOf(prompt) === 'train'),
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
      capsSource: caps === undefined ? 'default' : 'file',
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

function coreOf(model: string, price: Price | undefined, data: readonly string[]): CoreConfig {
  return recordedConfig.parse({
    kind: 'recorded',
    id: model,
    model,
    profile: model,
    data: [...data],
    price,
    cap: defaultCapOf(model),
    chunkMs: 0,
  });
}
