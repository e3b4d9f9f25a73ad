import { after, type Case, timesLine, under, withKernel } from './case.js';
import { join, timesOf } from './raw-socket.js';

const SECONDS = 10;

/** One who asks for little, while others ask for very much. */
function asker(attack: string, count: number, config: object = {}): Case {
  return () =>
    withKernel(config, async ({ url }) => {
      const victim = await join(url);
      await timesOf(victim, after(1));
      return under(attack, url, count, async () => timesLine(await timesOf(victim, after(SECONDS))));
    });
}

export const bursts = asker('bursts', 400);
export const listings = asker('listings', 900);
export const largest = asker('largest', 10);
