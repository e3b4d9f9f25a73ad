import { expect, test } from 'vitest';
import { CachedEncoder } from '../../../../schedulers/eccos/encoder/cached-encoder.js';
import type { Encoder } from '../../../../schedulers/eccos/encoder/encoder.js';
import { SyscallError } from '../../../../syscalls/errors.js';

/** Vectors are the lengths of the texts; batches wait until they are let go, and tell what was asked. */
class WaitingEncoder implements Encoder {
  readonly dimensions = 1;
  readonly batches: (readonly string[])[] = [];
  closed = 0;
  readonly #waiting: ((error?: Error) => void)[] = [];

  encode(texts: readonly string[]): Promise<readonly Float32Array[]> {
    this.batches.push(texts);
    return new Promise((resolve, reject) => {
      const vectors = texts.map((text) => Float32Array.of(text.length));
      this.#waiting.push((error) => (error === undefined ? resolve(vectors) : reject(error)));
    });
  }

  /** Ends every batch that waits. */
  letGo(error?: Error): void {
    for (const end of this.#waiting.splice(0)) end(error);
  }

  async close(): Promise<void> {
    this.closed++;
  }
}

async function encoded(cached: CachedEncoder, inner: WaitingEncoder, texts: readonly string[]): Promise<number[]> {
  const pending = cached.encode(texts);
  inner.letGo();
  return (await pending).map(([length]) => length as number);
}

test('a known text is not encoded again, and one batch asks for a text once', async () => {
  const inner = new WaitingEncoder();
  const cached = new CachedEncoder(inner);
  expect(cached.dimensions).toBe(1);
  expect(await encoded(cached, inner, ['one', 'three', 'one', ' one '])).toEqual([3, 5, 3, 3]);
  expect(await encoded(cached, inner, ['three', 'seven', 'one'])).toEqual([5, 5, 3]);
  expect(await encoded(cached, inner, ['one', 'three'])).toEqual([3, 5]);
  expect(inner.batches).toEqual([['one', 'three'], ['seven']]);
});

test('who asks for a text under way waits for it', async () => {
  const inner = new WaitingEncoder();
  const cached = new CachedEncoder(inner);
  const [first, second] = [cached.encode(['one', 'two']), cached.encode(['two', 'three'])];
  expect(inner.batches).toEqual([['one', 'two'], ['three']]);
  inner.letGo();
  const [[, a] = [], [b] = []] = [await first, await second];
  expect(b).toBe(a);
});

test('a failure reaches all who wait, and is not remembered', async () => {
  const inner = new WaitingEncoder();
  const cached = new CachedEncoder(inner);
  const both = [cached.encode(['one']), cached.encode(['one', 'two'])];
  inner.letGo(new SyscallError('busy', 'not now'));
  for (const result of await Promise.allSettled(both)) expect(result).toMatchObject({ reason: { code: 'busy' } });
  expect(await encoded(cached, inner, ['one', 'two'])).toEqual([3, 3]);
  expect(inner.batches).toEqual([['one'], ['two'], ['one', 'two']]);
});

test('the text that was asked for longest ago is forgotten first', async () => {
  const inner = new WaitingEncoder();
  const cached = new CachedEncoder(inner, { maxTexts: 2 });
  await encoded(cached, inner, ['one', 'two']);
  await encoded(cached, inner, ['one']);
  await encoded(cached, inner, ['three']);
  await encoded(cached, inner, ['one']);
  await encoded(cached, inner, ['two']);
  expect(inner.batches).toEqual([['one', 'two'], ['three'], ['two']]);
});

test('long texts with one head and tail are one text, and little of them is handed on', async () => {
  const inner = new WaitingEncoder();
  const cached = new CachedEncoder(inner);
  const long = (middle: string) => `${'a'.repeat(2_000)}${middle.repeat(100_000)}${'b'.repeat(2_000)}`;
  await encoded(cached, inner, [long('x'), long('y')]);
  expect(inner.batches.map((batch) => batch.map((text) => text.length))).toEqual([[2_000]]);
});

test('texts that differ in a lone surrogate only are different', async () => {
  const inner = new WaitingEncoder();
  await encoded(new CachedEncoder(inner), inner, ['\ud800', '\udfff']);
  expect(inner.batches).toEqual([['\ud800', '\udfff']]);
});

test('closing closes what is inside', async () => {
  const inner = new WaitingEncoder();
  await new CachedEncoder(inner).close();
  expect(inner.closed).toBe(1);
});
