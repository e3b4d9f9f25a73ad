import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** How gzip begins (RFC 1952, 2.3.1). */
const GZIP = Buffer.of(0x1f, 0x8b);
/** How a text begins that is not plain UTF-8; see https://encoding.spec.whatwg.org/#bom-sniff. */
const MARKS = [
  { mark: Buffer.of(0xff, 0xfe), encoding: 'utf-16le' },
  { mark: Buffer.of(0xfe, 0xff), encoding: 'utf-16be' },
] as const;
/** The mark of UTF-8, as a decoded character. */
const MARK = '\u{FEFF}';

/**
 * The lines of a text file, without their ends. Gzip and encoding are recognised by the bytes of the file, not by its name, and a
 * byte-order mark is left out, also where files with one were put together.
 *
 * @throws what the file system or the decompression says
 */
export async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const text of piecesOf(path)) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield clean(line);
  }
  if (rest !== '') yield clean(rest);
}

/** The whole of a text file, read as `linesOf` does; line ends are kept. @throws as `linesOf` */
export async function readText(path: string): Promise<string> {
  let text = '';
  for await (const piece of piecesOf(path)) text += piece;
  return text;
}

function clean(line: string): string {
  const start = line.startsWith(MARK) ? 1 : 0;
  return line.slice(start, line.endsWith('\r') ? -1 : undefined);
}

async function* piecesOf(path: string): AsyncGenerator<string> {
  const [head, bytes] = await peek(unzipped(createReadStream(path)), 2);
  const encoding = MARKS.find(({ mark }) => head.equals(mark))?.encoding ?? 'utf-8';
  const decoder = new TextDecoder(encoding);
  for await (const chunk of bytes) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

async function* unzipped(file: Readable): AsyncGenerator<Buffer> {
  const [head, bytes] = await peek(file, GZIP.length);
  if (!head.equals(GZIP)) return yield* bytes;
  // A fault of either end destroys the other, and is thrown to the reader.
  yield* pipeline(Readable.from(bytes), createGunzip(), () => {});
}

/** The first bytes of all bytes, and all of them once more. */
async function peek(
  bytes: AsyncIterable<Buffer>,
  length: number,
): Promise<readonly [head: Buffer, all: AsyncGenerator<Buffer>]> {
  const chunks = bytes[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < length) {
    const next = await chunks.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  const all = async function* () {
    try {
      yield head;
      yield* { [Symbol.asyncIterator]: () => chunks };
    } finally {
      // A reader that stops at the head closes the file, too.
      await chunks.return?.();
    }
  };
  return [head.subarray(0, length), all()];
}
