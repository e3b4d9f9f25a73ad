import type { BootedKernel } from '../../../kernel/boot.js';
import type { PolicyReport } from './report.js';

export type PolicyFault = PolicyReport['faults'][number];

/** Watches what a kernel's policy throws. */
export class PolicyFaults {
  readonly #faults: PolicyFault[] = [];

  constructor({ events }: Pick<BootedKernel, 'events'>) {
    events.on('policyThrew', ({ hook, error }) => this.#faults.push({ hook, times: 1, first: messageOf(error) }));
  }

  /** By hook. */
  all(): readonly PolicyFault[] {
    return addUpFaults(this.#faults);
  }
}

/** One entry a hook: what it threw first, and how often it threw at all. */
export function addUpFaults(faults: readonly PolicyFault[]): PolicyFault[] {
  const byHook = new Map<string, PolicyFault>();
  for (const fault of faults) {
    const { times = 0, first = fault.first } = byHook.get(fault.hook) ?? {};
    byHook.set(fault.hook, { hook: fault.hook, times: times + fault.times, first });
  }
  return [...byHook.values()];
}

const MOST_CHARACTERS = 200;

/** The first line of what was thrown, without its stack. */
function messageOf(thrown: unknown): string {
  const [line = ''] = (thrown instanceof Error ? thrown.message : String(thrown)).split('\n');
  return line.slice(0, MOST_CHARACTERS);
}
