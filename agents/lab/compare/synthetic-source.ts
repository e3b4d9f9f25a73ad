import type { CoreConfig } from '../../../kernel/cores/kinds/registry.js';
import { SyscallError } from '../../../syscalls/errors.js';
import { itemOf, USUAL_ANSWER_TOKENS } from '../load/queries.js';
import { LOAD_SHAPES } from '../load/shapes.js';
import { syntheticRecords } from '../records/synthetic-records.js';
import { DEFAULT_CAPS, withCapsOf } from './caps.js';
import { type CompareOptions, DEFAULT_SYSCALLS, NOMINAL_RATE } from './options.js';
import type { Source } from './source.js';

/** As many rated records as a policy may rest on, of a seed that no comparison plays. */
const EXAMPLES = 2000;
const EXAMPLES_SEED = 1;

/** Generated queries, answered by simulated cores. @param configured the cores of the default config */
export async function syntheticSource(options: CompareOptions, configured: readonly CoreConfig[]): Promise<Source> {
  const {
    load,
    rate = NOMINAL_RATE,
    agents,
    syscalls = DEFAULT_SYSCALLS,
    limit = syscalls,
    caps = DEFAULT_CAPS,
    models,
  } = options;
  const shape = LOAD_SHAPES[load];
  const chosen = load === 'flood' ? [FLOODED_CORE] : choose(configured, models).map(withoutChunks);
  const cores = await withCapsOf(caps, chosen);
  const size = { agents, calls: Math.min(syscalls, limit), rate };
  return {
    cores,
    deps: { items: itemOf },
    examples: () => syntheticRecords(EXAMPLES, EXAMPLES_SEED),
    pace: shape.pace,
    draw: (random) => shape.draw(random, size),
    about: {
      name: load,
      ratePerS: shape.pace === 'arrivals' ? rate : null,
      trace: null,
      data: [],
      split: null,
      records: null,
      leftOut: null,
      capsSource: caps === DEFAULT_CAPS ? 'config' : 'file',
    },
  };
}

function choose(configured: readonly CoreConfig[], models: readonly string[] | undefined): readonly CoreConfig[] {
  if (models === undefined) return configured;
  return models.map((id) => {
    const core = configured.find((candidate) => candidate.id === id);
    if (core !== undefined) return core;
    const known = configured.map((candidate) => candidate.id).join(', ');
    throw new SyscallError('invalid-config', `--models: Expected names of ${known}, got "${id}"`);
  });
}

/** Nobody reads along in a comparison: the text comes in two pieces, the first token and the rest. */
function withoutChunks(core: CoreConfig): CoreConfig {
  return core.kind === 'simulated' ? { ...core, chunkMs: 0 } : core;
}

/** The one core of a flood: 4 slots, answers exactly as long as asked. */
const FLOODED_CORE: CoreConfig = {
  kind: 'simulated',
  id: 'sim-flooded',
  price: { inputPerMTok: 1, outputPerMTok: 4 },
  contextWindow: 128_000,
  cap: 4,
  ability: 0,
  discrimination: 1,
  answerTokens: { median: USUAL_ANSWER_TOKENS, spread: 0 },
  ttftMs: 200,
  prefillSpeed: 5000,
  decodeSpeed: 60,
  slowdown: 0,
  chunkMs: 0,
  tools: false,
  responseFormat: false,
};
