import { stallOf } from '../child.js';
import { after, type Case, TOKENS, timesLine, under, withKernel } from './case.js';
import { join, timesOf } from './raw-socket.js';

const SECONDS = 10;

/** One who asks for little, while another token asks for very much. */
function asker(attack: string, count: number): Case {
  return () =>
    withKernel({ auth: TOKENS }, async (served) => {
      const victim = await join(served.url, { token: 'modest' });
      await timesOf(victim, after(1));
      return under(attack, served.url, count, async () => {
        await stallOf(served);
        const line = timesLine(await timesOf(victim, after(SECONDS)));
        return `${line}, longest stall ${(await stallOf(served)).toFixed(0)} ms`;
      });
    });
}

export const bursts = asker('bursts', 400);
export const listings = asker('listings', 900);
export const largest = asker('largest', 10);
