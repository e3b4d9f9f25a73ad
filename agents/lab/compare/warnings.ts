import type { PolicyReport } from './report.js';

/** Whether each policy decided everything itself, and no cap was passed and no call was lost. */
export function isSound(policies: readonly PolicyReport[]): boolean {
  return policies.every(({ capViolations, lost, fallbacks }) => capViolations + lost + fallbacks === 0);
}

/** What went wrong with a policy, a line a piece; none for one that did what it should. */
export function warningsOf(policy: PolicyReport): string[] {
  const { name, faults, invalidAssignments, capViolations, lost, totals } = policy;
  const lines = faults.map(({ hook, times, first }) => (THREW[hook] ?? threwIn(hook))(times, JSON.stringify(first)));
  if (invalidAssignments > 0) {
    lines.push(
      `${counted(invalidAssignments, 'assignment')} dropped: no pending call, no core that can serve it, or the same call twice`,
    );
  }
  if (capViolations > 0) lines.push(`${counted(capViolations, 'call')} began on a core that was full`);
  if (lost > 0) {
    lines.push(
      `${lost} of ${counted(lost + totals.calls, 'call')} lost: they never ended; a policy has to place every call at last`,
    );
  }
  return lines.map((line) => `${name}: ${line}`);
}

type Wording = (times: number, first: string) => string;

/** The methods that the kernel replaces when they throw. */
const THREW: Readonly<Record<string, Wording>> = {
  schedule: (times, first) =>
    `schedule threw in ${counted(times, 'tick')} (${first}); fifo decided there, so these are not its figures`,
  prepare: (times, first) =>
    `prepare threw ${counted(times, 'time')} (${first}); those calls came to it unprepared, so these are not its figures`,
  refuse: (times, first) =>
    `refuse threw ${counted(times, 'time')} (${first}); no call was refused there, so these are not its figures`,
};

function threwIn(hook: string): Wording {
  return (times, first) => `${hook} threw ${counted(times, 'time')} (${first})`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
