import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SyscallError } from '../../syscalls/errors.js';
import { ask, testKernel } from '../support/kernel.js';
import { ScriptedCore } from '../support/scripted-core.js';

const HIGH = '\ud83d';
const LOW = '\ude00';

/** What a process receives of an answer that its core sends in these pieces, each in a message of its own where it can be. */
async function streamed(pieces: readonly string[]) {
  const core = new ScriptedCore('a');
  const { spawn, pass } = testKernel([core], { limits: { chunkMs: 0 } });
  const { session, outbox } = await spawn();
  const reply = session.call('llm.chat', ask('x', { stream: true }));
  await pass(5);
  for (const piece of pieces) {
    core.last.say(piece);
    await pass(1);
  }
  core.last.finish();
  const { text } = await reply;
  const chunks = outbox.sent.flatMap(({ method, params }) => (method === 'llm.chunk' ? [params.text] : []));
  return { chunks, text };
}

describe('halves of a character', () => {
  test.each([
    ['over two pieces', [`a${HIGH}`, `${LOW}b`], ['a', '😀b'], 'a😀b'],
    ['each a piece', [HIGH, LOW], ['😀'], '😀'],
    ['with an empty piece between them', ['a', HIGH, '', LOW], ['a', '😀'], 'a😀'],
    ['of several characters in a row', [HIGH, LOW + HIGH, LOW + HIGH, LOW], ['😀', '😀', '😀'], '😀😀😀'],
    ['the first alone at the end', ['a', HIGH], ['a', '\u{FFFD}'], 'a\u{FFFD}'],
    ['the first alone in the middle', [`a${HIGH}`, 'b'], ['a', '\u{FFFD}b'], 'a\u{FFFD}b'],
    ['the second alone', [LOW, `a${LOW}`], ['\u{FFFD}', 'a\u{FFFD}'], '\u{FFFD}a\u{FFFD}'],
    ['the wrong way round', [LOW, HIGH], ['\u{FFFD}', '\u{FFFD}'], '\u{FFFD}\u{FFFD}'],
    ['alone, and nothing else', [HIGH], ['\u{FFFD}'], '\u{FFFD}'],
  ])('%s', async (_name, pieces, chunks, text) => {
    expect(await streamed(pieces)).toEqual({ chunks, text });
  });

  test('wherever the text is cut, every piece is whole, and together they are the reply', async () => {
    const unit = fc.constantFrom('a', 'é', '東', '😀', '👨‍👩‍👧', HIGH, LOW);
    await fc.assert(
      fc.asyncProperty(fc.array(unit, { maxLength: 8 }), fc.integer({ min: 1, max: 3 }), async (units, size) => {
        const whole = units.join('');
        const pieces = whole.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
        const { chunks, text } = await streamed(pieces);
        expect(text).toBe(whole.toWellFormed());
        expect(chunks.join('')).toBe(text);
        for (const chunk of chunks) expect(chunk.isWellFormed()).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('a half before a failure is gone with the rest', async () => {
    const [core, other] = [new ScriptedCore('a'), new ScriptedCore('b')];
    const { spawn, pass } = testKernel([core, other], { limits: { chunkMs: 0 } });
    const { session, outbox } = await spawn();
    const reply = session.call('llm.chat', ask('x', { stream: true }));
    await pass(5);
    core.last.say(`a${HIGH}`).fail(new SyscallError('core-failed', 'no'));
    await pass(5);
    other.last.say(`${LOW}b`).finish();
    expect((await reply).text).toBe('\u{FFFD}b');
    const chunks = outbox.sent.flatMap(({ method, params }) => (method === 'llm.chunk' ? [params] : []));
    expect(chunks.map(({ text, restart }) => [text, restart])).toEqual([
      ['a', undefined],
      ['\u{FFFD}b', true],
    ]);
  });

  test('a call that does not stream has a whole text, too', async () => {
    const core = new ScriptedCore('a');
    const { spawn, pass } = testKernel([core]);
    const { session, outbox } = await spawn();
    const reply = session.call('llm.chat', ask());
    await pass(5);
    core.last.say(`a${HIGH}`).say(`${LOW}${HIGH}`).finish();
    expect((await reply).text).toBe('a😀\u{FFFD}');
    expect(outbox.text).toBe('');
  });
});
