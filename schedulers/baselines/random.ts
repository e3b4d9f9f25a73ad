import { z } from 'zod';
import { numberText } from '../parameters.js';
import type { SchedulerPolicy } from '../policy.js';
import { uniform } from '../uniform.js';
import { inArrivalOrder } from './arrival-order.js';

/** Parameters of `random`, as texts. */
export const randomParameters = z.strictObject({
  /** Another seed, other draws. */
  seed: numberText(0, 2 ** 32 - 1)
    .pipe(z.int())
    .default(1),
});

/** A multiple of the golden ratio: calls of one seed and of the next do not share their draws. */
const SPREAD = 0x9e3779b1;

/** An eligible core with a free slot, drawn from the call's `seq` and the seed: the same for the same load. */
export function random({ seed }: z.infer<typeof randomParameters>): SchedulerPolicy {
  return {
    name: 'random',
    schedule(snapshot) {
      return inArrivalOrder(
        snapshot,
        ({ seq, eligible }, { isFree }) => {
          const open = eligible.filter(isFree);
          return open[Math.floor(uniform(Math.imul(seed, SPREAD) + seq)() * open.length)];
        },
        'eligible core with a free slot, drawn',
      );
    },
  };
}
