import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TextPlace } from '../../../kernel/call-sink.js';
import { FollowedCall } from '../../../kernel/cluster/followed-call.js';
import type { TextEntry, TextLog } from '../../../kernel/cluster/text-log.js';
import type { ChatReply } from '../../../syscalls/llm-chat.js';

/** A log whose messages the test hands over as it likes. */
function logOf(entries: readonly TextEntry[], known: () => number) {
  let take: (entry: TextEntry) => void = () => {};
  const log = {
    follow: async (_id: string, run: (entry: TextEntry) => void) => {
      take = run;
      for (const entry of await log.read()) run(entry);
    },
    read: async () => entries.slice(0, known()),
    leave: () => {},
  };
  return { log: log as unknown as TextLog, take: (entry: TextEntry) => take(entry) };
}

/** What a client makes of the pieces: an attempt with another number begins again. It keeps gaps and repeats. */
function reader(has = '') {
  let text = has;
  let read = 1;
  const faults: string[] = [];
  return {
    faults,
    read: () => text,
    accepted: () => {},
    text(piece: string, { attempt, offset }: TextPlace) {
      if (attempt !== read) text = '';
      read = attempt;
      if (offset !== text.length) faults.push(`at ${text.length}, got ${offset}`);
      text += piece;
    },
    restart() {
      text = '';
    },
  };
}

/** An answer that began again some times, in entries. */
const attempts = fc.array(fc.array(fc.string({ minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 6 }), {
  minLength: 1,
  maxLength: 3,
});

function entriesOf(pieces: readonly (readonly string[])[]): TextEntry[] {
  return pieces.flatMap((texts, at) =>
    texts.map((text, n) => ({ attempt: at + 1, base: 0, n, offset: texts.slice(0, n).join('').length, text })),
  );
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

test('whatever is lost, repeated or late, a reader has the text of the reply, without gap and without repeat', async () => {
  await fc.assert(
    fc.asyncProperty(attempts, fc.array(fc.nat()), fc.nat(), async (pieces, order, from) => {
      const entries = entriesOf(pieces);
      const whole = (pieces.at(-1) as readonly string[]).join('');
      const first = (pieces[0] as readonly string[]).join('');
      const offset = from % (first.length + 1);
      const params = { stream: true, from: { attempt: 1, offset } };
      const agent = reader(first.slice(0, offset));
      let known = 0;
      const { log, take } = logOf(entries, () => known);
      const call = new FollowedCall(log, params, agent);
      call.accepted('c-1');
      for (const draw of order) {
        const at = draw % entries.length;
        known = Math.max(known, at + 1);
        take(entries[at] as TextEntry);
        await settle();
      }
      call.end({ text: whole, attempts: pieces.length } as ChatReply);
      for (const entry of entries) take(entry);
      expect(agent.faults).toEqual([]);
      expect(agent.read()).toBe(whole);
    }),
    { numRuns: 300 },
  );
});

test('a call that is accepted again by the next seat is accepted once for its reader', async () => {
  const heard: string[] = [];
  const { log } = logOf([], () => 0);
  const sink = { ...reader(), accepted: (id: string) => void heard.push(id) };
  const call = new FollowedCall(log, { stream: false }, sink);
  call.accepted('c-1');
  call.accepted('c-1');
  call.end({ text: 'x', attempts: 1 } as ChatReply);
  call.accepted('c-1');
  expect(heard).toEqual(['c-1']);
});
