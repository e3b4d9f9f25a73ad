import { VirtualClock } from '../../../kernel/clock.js';
import { type CoreConfig, createCores } from '../../../kernel/cores/registry.js';
import { inputTokensOf } from '../../../kernel/tokens.js';
import type { CoreId } from '../../../syscalls/syscall.js';
import type { Load } from '../load/load.js';
import type { SeedPoint } from './frontier.js';
import type { Source } from './source.js';
import { sumOf } from './statistics.js';

/** What each core would make of the whole load by itself, were there no caps: one a core, in order. */
export async function singlesOf(
  load: Load,
  seed: number,
  cores: readonly CoreConfig[],
  deps: Source['deps'],
): Promise<ReadonlyMap<CoreId, SeedPoint>> {
  const calls = load.runs
    .flatMap((run) => run.calls)
    .map(({ params }) => ({ params, inputTokens: inputTokensOf(params) }));
  const made = await createCores(cores, { ...deps, seed, env: {}, clock: new VirtualClock() });
  return new Map(
    made.map((core) => {
      const known = calls.map(({ params, inputTokens }) => core.known?.(params, inputTokens));
      return [
        core.info.id,
        {
          quality: sumOf(known.map((one) => one?.score ?? Number.NaN)) / known.length,
          costUsd: sumOf(known.map((one) => one?.costUsd ?? Number.NaN)),
          meanTurnaroundMs: null,
        },
      ];
    }),
  );
}
