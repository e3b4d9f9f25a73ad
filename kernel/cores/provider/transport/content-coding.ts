import type { Transform } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib';
import { CoreError } from '../../core.js';

/** More codings on one response are refused: each takes memory, and no server needs more than two. */
const MAX_CODINGS = 4;

/** What undoes a coding, by the first bytes of the body; undefined where they are plain already. */
type Choice = (head: Buffer) => Transform | undefined;

/** A compressed stream that stops early is handed on as far as it goes: whether the answer is whole, its end mark says. */
const LENIENT = { finishFlush: constants.Z_SYNC_FLUSH };
const LENIENT_BROTLI = { finishFlush: constants.BROTLI_OPERATION_FLUSH };

/** Proxies that decompress a body may leave its header, so gzip is known by its bytes (RFC 1952, 2.3.1). */
const gunzip: Choice = (head) => (head[0] === 0x1f && head[1] === 0x8b ? createGunzip(LENIENT) : undefined);
/** The zlib format (RFC 1950, 2.2); some servers leave its header out. */
const inflate: Choice = (head) =>
  ((head[0] ?? 0) & 0x0f) === 8 && head.readUInt16BE() % 31 === 0 ? createInflate(LENIENT) : createInflateRaw(LENIENT);
const unbrotli: Choice = () => createBrotliDecompress(LENIENT_BROTLI);

/** Content codings by name (RFC 9110, 8.4.1). */
const CODINGS: ReadonlyMap<string, Choice> = new Map([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', inflate],
  ['br', unbrotli],
]);

/**
 * A body without its content codings. A body that is compressed and does not say so is recognised too.
 *
 * @param header `content-encoding`: the codings in the order in which they were applied
 * @param maxBytes most bytes after each step
 * @throws CoreError `core-failed` for an unknown coding; the body throws it when it is too long or broken
 */
export function decoded(
  body: AsyncIterable<Uint8Array>,
  header: string | null,
  maxBytes: number,
): AsyncIterable<Uint8Array> {
  const names = (header ?? '').toLowerCase().split(',');
  const applied = names.map((name) => name.trim()).filter((name) => name !== '' && name !== 'identity');
  if (applied.length > MAX_CODINGS) {
    throw failed(`Expected at most ${MAX_CODINGS} content codings, got ${applied.length}`);
  }
  const choices = applied.map((name) => CODINGS.get(name) ?? refuse(name)).reverse();
  return [...choices, gunzip].reduce((coded, choice) => without(choice, coded, maxBytes), body);
}

/** A body without one coding. */
async function* without(
  choice: Choice,
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array, undefined> {
  const decoder = new Decoder(choice, maxBytes);
  try {
    for await (const bytes of body) {
      if (decoder.isPlain) yield bytes;
      else for (const piece of await decoder.write(bytes)) yield piece;
    }
    yield* await decoder.end();
  } finally {
    decoder.close();
  }
}

function refuse(name: string): never {
  const shown = /^[\w-]{1,16}$/.test(name) ? `"${name}"` : 'an odd name';
  throw failed(`Expected the content coding of the response to be identity, gzip, deflate or br, got ${shown}`);
}

/** Undoes one coding. The first two bytes decide how. */
class Decoder {
  readonly #choice: Choice;
  readonly #maxBytes: number;
  #head: Buffer | undefined = Buffer.alloc(0);
  #inflater: Transform | undefined;
  /** What has come out and was not handed over. */
  #pieces: Uint8Array[] = [];
  #count = 0;
  #isOver = false;
  #failure: Error | undefined;
  /** Called when the inflater has done its work, is over, or has failed. */
  #goOn = () => {};

  constructor(choice: Choice, maxBytes: number) {
    this.#choice = choice;
    this.#maxBytes = maxBytes;
  }

  /** Whether the bytes are plain already. */
  get isPlain(): boolean {
    return this.#head === undefined && this.#inflater === undefined;
  }

  /** @returns what these bytes stand for, as far as it is known by now */
  async write(bytes: Uint8Array): Promise<readonly Uint8Array[]> {
    if (this.#head === undefined) return this.#pass(bytes);
    const head = Buffer.concat([this.#head, bytes]);
    this.#head = head.length < 2 ? head : undefined;
    return head.length < 2 ? [] : this.#begin(head);
  }

  /** @returns what is left */
  async end(): Promise<readonly Uint8Array[]> {
    // A body of one byte is not compressed.
    if (this.#head !== undefined) return [this.#head];
    const inflater = this.#inflater;
    if (inflater !== undefined && !this.#isOver) await this.#until(() => inflater.end());
    return this.#taken();
  }

  close(): void {
    this.#inflater?.destroy();
  }

  async #begin(head: Buffer): Promise<readonly Uint8Array[]> {
    const inflater = this.#choice(head);
    if (inflater === undefined) return [head];
    this.#inflater = inflater;
    inflater.on('data', (bytes: Buffer) => this.#take(bytes));
    inflater.on('error', (error) => this.#fail(broken(error)));
    // What follows the end of the compressed data is not part of it.
    inflater.once('end', () => {
      this.#isOver = true;
      this.#goOn();
    });
    return this.#pass(head);
  }

  async #pass(bytes: Uint8Array): Promise<readonly Uint8Array[]> {
    const inflater = this.#inflater;
    if (inflater !== undefined && !this.#isOver) {
      await this.#until(() => inflater.write(bytes, () => this.#goOn()));
    }
    return this.#taken();
  }

  #taken(): readonly Uint8Array[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  #take(bytes: Buffer): void {
    this.#count += bytes.byteLength;
    if (this.#count > this.#maxBytes) this.#fail(tooLong(this.#maxBytes));
    else this.#pieces.push(bytes);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#inflater?.destroy();
    this.#goOn();
  }

  async #until(act: () => void): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#goOn = resolve;
      act();
    });
    if (this.#failure !== undefined) throw this.#failure;
  }
}

function broken(error: Error): CoreError {
  const code = 'code' in error ? String(error.code) : error.name;
  return failed(`The compressed body of the response is broken: ${code}`);
}

/** A response that goes on past `maxResponseBytes`. */
export function tooLong(maxBytes: number): CoreError {
  return failed(`The response exceeds \`maxResponseBytes\` of ${maxBytes}`);
}

function failed(message: string): CoreError {
  return new CoreError('core-failed', message, { class: 'provider' });
}
