import { setTimeout as sleep } from 'node:timers/promises';
import { memoryOf } from '../child.js';
import { after, type Case, mb, memoryDuring, TOKENS, timesLine, under, withKernel } from './case.js';
import { join, RawSocket, timesOf } from './raw-socket.js';

/** Answers of 6.5 MB, in pieces, within eight seconds. */
const LONG = {
  ...{
    id: 'long',
    kind: 'simulated',
    price: { inputPerMTok: 0, outputPerMTok: 0 },
    cap: 1000,
    ttftMs: 0,
    chunkMs: 200,
  },
  ...{ prefillSpeed: 'unlimited', decodeSpeed: 200_000, answerTokens: { median: 1_500_000, spread: 0 } },
};

/** Memory of the kernel, and what others see, while so many readers stop. */
function stopped(attack: string, count: number, seconds: number, config: object): Case {
  return () =>
    withKernel({ auth: TOKENS, ...config }, async (served) => {
      const victim = await join(served.url, { token: 'modest' });
      await timesOf(victim, after(1));
      const before = await memoryOf(served);
      let line = '';
      await under(attack, served.url, count, async () => {
        const isOver = after(seconds);
        const [most, times] = await Promise.all([memoryDuring(served, isOver), timesOf(victim, isOver)]);
        line = `${count} sockets: ${mb((most - before) / count)} each (${mb(most - before)}); ${timesLine(times)}`;
      });
      await sleep(1000);
      return `${line}; ${mb((await memoryOf(served)) - before)} more once they are gone`;
    });
}

const NOOP = {
  ...{ id: 'noop', kind: 'simulated', price: { inputPerMTok: 0, outputPerMTok: 0 }, cap: 1000, ttftMs: 0 },
  ...{ prefillSpeed: 'unlimited', decodeSpeed: 'unlimited', answerTokens: { median: 1, spread: 0 } },
};

export const deaf = stopped('deaf', 500, 8, {});
export const long = stopped('long', 100, 12, { cores: [{ ...LONG, answerTokens: { median: 500_000, spread: 0 } }] });
export const fragments = stopped('fragments', 300, 15, { cores: [NOOP] });

/** One reader of 2 MB/s has two answers of 6.5 MB streamed, and asks for more meanwhile. */
export const honest: Case = () =>
  withKernel({ cores: [LONG] }, async ({ url }) => {
    const socket = new RawSocket(url);
    await socket.opened();
    await socket.hello();
    const isOver = after(60);
    let isDone = false;
    const messages = [{ role: 'user', content: 'Tell me a long story.' }];
    const asked = [0, 1].map(() => socket.ask('llm.chat', { messages, stream: true }));
    const done = Promise.all(asked).then((replies) => replies.map(({ result }) => String(result?.['text']).length));
    const closed = socket.closed.then((code) => [`closed with ${code}`]);
    void Promise.race([done, closed]).finally(() => {
      isDone = true;
    });
    // Reads for a quarter of the time at most, and never more than 2 MB a second.
    for (let budget = 0; !isDone && !isOver(); budget += 200_000) {
      if (socket.bytes > budget) socket.socket.pause();
      else socket.socket.resume();
      await sleep(100);
    }
    socket.socket.resume();
    const got = await Promise.race([done, closed, sleep(5000, ['no end'])]);
    return `replies of ${got.join(' and ')} characters, ${mb(socket.bytes)} read`;
  });
