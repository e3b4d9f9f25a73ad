import { expect, test } from 'vitest';
import { VirtualClock } from '../../../kernel/clock.js';
import { ChunkStream } from '../../../kernel/doors/chunk-stream.js';
import type { ChatChunk } from '../../../syscalls/llm-chat.js';

function world() {
  const clock = new VirtualClock();
  const answer = { text: '', reads: 0 };
  const source = {
    get text() {
      answer.reads++;
      return answer.text;
    },
  };
  const chunks: ChatChunk[] = [];
  const reader = { isSlow: false };
  const sink = { chunk: (chunk: ChatChunk) => void chunks.push(chunk), isSlow: () => reader.isSlow };
  const stream = new ChunkStream('s', source, sink, clock, 25);
  const say = (text: string) => {
    const offset = answer.text.length;
    answer.text += text;
    stream.push(text, { attempt: 1, offset });
  };
  return { clock, answer, chunks, reader, stream, say };
}

const joined = (chunks: readonly ChatChunk[]) => chunks.map(({ text }) => text).join('');

test('a reader that keeps up gets the pieces, and the answer is not looked at', async () => {
  const { clock, answer, chunks, stream, say } = world();
  for (let n = 0; n < 10; n++) say('piece ');
  await clock.runUntil(new Promise<void>((resolve) => clock.after(25, resolve)));
  stream.end(true);
  expect([chunks.length, joined(chunks), answer.reads]).toEqual([2, answer.text, 0]);
});

test('what waits for a slow reader is read from the answer, in bounded chunks without gap, and no character is cut', () => {
  const { answer, chunks, reader, stream, say } = world();
  say('start');
  reader.isSlow = true;
  for (let n = 0; n < 100; n++) say('x\u{1f600}'.repeat(1500));
  expect(chunks.length).toBe(1);
  reader.isSlow = false;
  expect(stream.drain()).toBe(true);
  expect(joined(chunks)).toBe(answer.text);
  expect(Math.max(...chunks.map(({ text }) => text.length))).toBeLessThanOrEqual(2 ** 16);
  expect(chunks.every(({ text }) => text.isWellFormed())).toBe(true);
  let offset = 0;
  for (const chunk of chunks) {
    expect(chunk.offset).toBe(offset);
    offset += chunk.text.length;
  }
});

test('a reader that is slow again after each chunk gets one at a time', () => {
  const { answer, chunks, reader, stream, say } = world();
  reader.isSlow = true;
  for (let n = 0; n < 5; n++) say('y'.repeat(2 ** 16));
  const one = () => {
    reader.isSlow = false;
    const before = chunks.length;
    while (chunks.length === before) stream.flush();
  };
  one();
  expect(joined(chunks)).toBe(answer.text);
});

test('tool calls come after the text that was before them', () => {
  const { answer, chunks, reader, stream, say } = world();
  reader.isSlow = true;
  say('z'.repeat(200_000));
  stream.pushToolCall({ id: 'c', name: 'f', arguments: '{}' }, { attempt: 1, offset: answer.text.length });
  reader.isSlow = false;
  stream.end(true);
  expect(joined(chunks)).toBe(answer.text);
  expect(chunks.filter(({ toolCalls }) => toolCalls !== undefined)).toEqual([chunks.at(-1)]);
});

test('an answer that starts again goes on from its new start', () => {
  const { answer, chunks, reader, stream, say } = world();
  say('old');
  reader.isSlow = true;
  say('o'.repeat(100_000));
  stream.restart();
  answer.text = '';
  reader.isSlow = false;
  stream.push('new', { attempt: 2, offset: 0 });
  stream.end(true);
  expect(chunks.at(-1)).toMatchObject({ attempt: 2, offset: 0, text: 'new', restart: true });
});
