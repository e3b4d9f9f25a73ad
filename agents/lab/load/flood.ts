import type { Millis } from '../../../syscalls/syscall.js';
import { singleShot } from './agent-run.js';
import { assemble, type Load, type UnnamedRun } from './load.js';
import type { Random } from './random.js';

const LOUD = { calls: 300, outputTokens: 2000, at: 0 } as const;
const QUIET = { calls: 20, outputTokens: 50, at: 1000 } as const;

/** The place of the quiet agent in a flood. */
export const QUIET_AGENT = 1;

/** One agent sends many long calls at once, then another few short ones, also at once. Meant for one core with cap 4. */
export function flood(random: Random): Load {
  return assemble(2, [...allAtOnce(random, 1 - QUIET_AGENT, LOUD), ...allAtOnce(random, QUIET_AGENT, QUIET)]);
}

function allAtOnce(
  random: Random,
  agent: number,
  { calls, outputTokens, at }: { readonly calls: number; readonly outputTokens: number; readonly at: Millis },
): UnnamedRun[] {
  return Array.from({ length: calls }, () => {
    const call = singleShot(random, outputTokens);
    return { agent, at, calls: [{ ...call, params: { ...call.params, maxTokens: outputTokens } }] };
  });
}
