import { LRUCache } from 'lru-cache';
import { stopwatch, type VirtualClock } from '../../../kernel/clock.js';
import type { PredictableCall } from '../../../schedulers/eccos/predictor/prediction.js';
import type { SchedulerPolicy, SchedulingSnapshot } from '../../../schedulers/policy.js';
import { promptOf } from '../../../syscalls/llm-chat.js';
import type { Millis } from '../../../syscalls/syscall.js';
import { decideMs, ENCODED_TEXTS, encodeMs, NETS_MS } from './work-times.js';

/** What becomes of the time that predictions and decisions of one trial take. */
export interface Work {
  /** Calls that came together have been predicted, in so much real time. @returns milliseconds that count for it */
  predicted(calls: readonly PredictableCall[], realMs: Millis): Millis;
  /** The same policy, whose decisions take their time. */
  watch(policy: SchedulerPolicy): SchedulerPolicy;
  /** What the kernel measures the policy with. */
  readonly stopwatch: () => Millis;
}

/** In real time it passes by itself. */
export const realWork: Work = { predicted: (_calls, realMs) => realMs, watch: (policy) => policy, stopwatch };

/** Virtual time goes on by what was measured in real time: a report then never repeats. */
export function measuredWork(clock: VirtualClock): Work {
  return {
    predicted(_calls, realMs) {
      clock.computeOutside(realMs);
      return realMs;
    },
    watch: (policy) =>
      withDecisions(policy, (decide) => {
        const startedAt = stopwatch();
        const assignments = decide();
        clock.compute(stopwatch() - startedAt);
        return assignments;
      }),
    stopwatch: () => clock.now(),
  };
}

/** Virtual time goes on by the constants of `work-times.ts`: the same calls take the same time on every machine. */
export function modelledWork(clock: VirtualClock): Work {
  const encoded = new LRUCache<string, true>({ max: ENCODED_TEXTS });
  return {
    predicted(calls) {
      let outsideMs = 0;
      for (const prompt of calls.map(({ params }) => promptOf(params))) {
        if (!encoded.has(prompt)) outsideMs += encodeMs(prompt);
        encoded.set(prompt, true);
      }
      clock.computeOutside(outsideMs);
      clock.compute(calls.length * NETS_MS);
      return outsideMs + calls.length * NETS_MS;
    },
    watch: (policy) =>
      withDecisions(policy, (decide, { pending, cores }) => {
        clock.compute(decideMs(policy.name, pending.length, cores.length));
        return decide();
      }),
    stopwatch: () => clock.now(),
  };
}

type Decide = SchedulerPolicy['schedule'];

/** A policy has a state of its own, so it is changed itself: it is that of one trial. */
function withDecisions(
  policy: SchedulerPolicy,
  around: (decide: () => ReturnType<Decide>, snapshot: SchedulingSnapshot) => ReturnType<Decide>,
): SchedulerPolicy {
  const decide = policy.schedule.bind(policy);
  return Object.assign(policy, {
    schedule: (snapshot: SchedulingSnapshot) => around(() => decide(snapshot), snapshot),
  });
}
