import { setTimeout as sleep } from 'node:timers/promises';
import { type Case, TOKENS, withKernel } from './case.js';
import { join, SMALL } from './raw-socket.js';

const SLOW = {
  ...{ id: 'slow', kind: 'simulated', price: { inputPerMTok: 0, outputPerMTok: 0 }, cap: 1, ttftMs: 1e6 },
  ...{ answerTokens: { median: 1, spread: 0 } },
};

/** One token asks for all the room there is, over many sockets; how many calls another token still gets in. */
export const shares: Case = () =>
  withKernel(
    {
      cores: [SLOW],
      auth: TOKENS,
      limits: { pendingTotal: 2000 },
    },
    async ({ url }) => {
      const greedy = await Promise.all(Array.from({ length: 4 }, () => join(url, { token: 'greedy' })));
      const flood = greedy.flatMap((socket) => Array.from({ length: 900 }, () => socket.ask('llm.chat', SMALL)));
      await Promise.all(greedy.map((socket) => socket.ask('kernel.cores', {})));
      const modest = await join(url, { token: 'modest' });
      let refused = 0;
      for (let n = 0; n < 200; n++) {
        void modest.ask('llm.chat', SMALL).then(({ error }) => {
          if (error?.data.code === 'busy') refused++;
        });
      }
      await modest.ask('kernel.cores', {});
      await sleep(500);
      return `a token asked for ${flood.length} of 2000; of another's 200 calls ${200 - refused} were accepted`;
    },
  );
