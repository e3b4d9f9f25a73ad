import type { ServerResponse } from 'node:http';
import {
  brotliCompressSync,
  constants,
  createGzip,
  deflateRawSync,
  deflateSync,
  gunzipSync,
  gzipSync,
} from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { errorOf } from '../../ask.js';
import { ask, post, provider, transportTo } from './transport-world.js';

const WORDS = Array.from({ length: 400 }, (_, index) => `word ${(index * 7919) % 1009}`);
const TEXT = `data: ${JSON.stringify(WORDS)}\n\n`;
const GZIP = gzipSync(TEXT);

type Header = string | readonly string[] | undefined;

async function served(header: Header, serve: (response: ServerResponse) => void, config: object = {}) {
  const accepted: unknown[] = [];
  const { url, server } = await provider((request, response) => {
    accepted.push(request.headers['accept-encoding']);
    request.resume();
    if (header !== undefined) response.setHeader('content-encoding', header as string | string[]);
    serve(response);
  });
  return { accepted, server, url, transport: await transportTo(url, config) };
}

/** Ends a response with these bytes, one a packet. */
async function sendSingly(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  for (const byte of bytes) {
    response.write(Buffer.of(byte));
    await new Promise(setImmediate);
  }
  response.end();
}

describe('a body comes through as text', () => {
  test.each<[string, Header, Uint8Array | string]>([
    ['as it is', undefined, TEXT],
    ['in gzip', 'gzip', GZIP],
    ['in GZIP, by capitals', 'GZip', GZIP],
    ['in x-gzip', 'x-gzip', GZIP],
    ['in deflate', 'deflate', deflateSync(TEXT)],
    ['in deflate at its lowest level', 'deflate', deflateSync(TEXT, { level: 0 })],
    ['in deflate without the header of zlib', 'Deflate', deflateRawSync(TEXT)],
    ['in br', 'br', brotliCompressSync(TEXT)],
    ['in gzip, identity', 'gzip, identity', GZIP],
    ['in identity, gzip', 'identity ,gzip', GZIP],
    ['in identity', 'identity', TEXT],
    ['in deflate and then gzip', 'deflate, gzip', gzipSync(deflateSync(TEXT))],
    ['in two header lines', ['br', 'gzip'], gzipSync(brotliCompressSync(TEXT))],
    ['in four codings', 'gzip,br,deflate,gzip', gzipSync(deflateSync(brotliCompressSync(GZIP)))],
    ['in gzip that says nothing', undefined, GZIP],
    ['in gzip that says identity', 'identity', GZIP],
    ['in gzip twice, named once', 'gzip', gzipSync(GZIP)],
    ['as it is, though it says gzip', 'gzip', TEXT],
    ['in two members of gzip', 'gzip', Buffer.concat([gzipSync(TEXT.slice(0, 99)), gzipSync(TEXT.slice(99))])],
    ['in deflate, with more behind its end', 'deflate', Buffer.concat([deflateSync(TEXT), Buffer.alloc(70_000, 7)])],
  ])('%s', async (_, header, body) => {
    const { transport, url, accepted } = await served(header, (response) => response.end(body));
    const response = await post(transport, url);
    expect(response.headers.get('content-encoding')).toBeNull();
    expect(await response.text()).toBe(TEXT);
    expect(accepted).toEqual(['identity']);
  });

  test.each<[Header, Uint8Array]>([
    ['gzip', GZIP],
    [undefined, GZIP],
    ['deflate', deflateRawSync(TEXT)],
    ['br', brotliCompressSync(TEXT)],
  ])('in %s, when every byte is a packet', async (header, body) => {
    const { transport, url } = await served(header, (response) => void sendSingly(response, body));
    expect(await ask(transport, url)).toBe(TEXT);
  });

  test.each(['', '{', '\n'])('of %j, whatever it says', async (body) => {
    const { transport, url } = await served('gzip', (response) => response.end(body));
    expect(await ask(transport, url)).toBe(body);
  });

  test('of many megabytes', async () => {
    const text = 'a long answer '.repeat(500_000);
    const { transport, url } = await served('br', (response) => response.end(brotliCompressSync(text)));
    expect(await ask(transport, url)).toBe(text);
  });
});

test('an event comes through when it was sent, not at the end', async () => {
  let end = () => {};
  const { transport, url } = await served('gzip', (response) => {
    const gzip = createGzip();
    gzip.pipe(response);
    gzip.write('data: 1\n\n', () => gzip.flush(constants.Z_SYNC_FLUSH));
    end = () => gzip.end('data: 2\n\n');
  });
  const reader = (await post(transport, url)).body?.[Symbol.asyncIterator]();
  const read = async () => Buffer.from((await reader?.next())?.value ?? []).toString();
  expect(await read()).toBe('data: 1\n\n');
  end();
  expect(await read()).toBe('data: 2\n\n');
});

test('what stops in the middle of gzip comes through as far as it goes', async () => {
  const { transport, url } = await served('gzip', (response) => response.end(GZIP.subarray(0, GZIP.length - 12)));
  const text = await ask(transport, url);
  expect(text.length).toBeGreaterThan(20);
  expect(TEXT.startsWith(text)).toBe(true);
});

describe('a body fails', () => {
  test.each<[string, RegExp]>([
    ['zstd', /coding of the response to be identity, gzip, deflate or br, got "zstd"$/],
    ['compress', /got "compress"$/],
    ['gzip, exi', /got "exi"$/],
    ['x'.repeat(200), /got an odd name$/],
    ['"gzip"', /got an odd name$/],
    ['gzip,gzip,gzip,gzip,gzip', /at most 4 content codings, got 5$/],
  ])('in the coding %s', async (header, message) => {
    const { transport, url } = await served(header, (response) => response.end(TEXT));
    const error = await errorOf(post(transport, url));
    expect(error).toMatchObject({ code: 'core-failed', message: expect.stringMatching(message) });
  });

  test.each<[string, Header, Buffer]>([
    ['gzip', 'gzip', GZIP],
    ['gzip that says nothing', undefined, GZIP],
    ['deflate', 'deflate', deflateSync(TEXT)],
    // Without a checksum, only what has no meaning at all is noticed.
    ['br', 'br', Buffer.alloc(500, 0xff)],
  ])('as broken %s', async (_, header, good) => {
    const broken = Buffer.from(good);
    broken.fill(0xff, 200, 400);
    const { transport, url } = await served(header, (response) => response.end(broken));
    const error = await errorOf(ask(transport, url));
    expect(error).toMatchObject({
      code: 'core-failed',
      message: expect.stringMatching(/^The compressed body of the response is broken: (Z_DATA_ERROR|ERR_)/),
    });
  });

  test.each<[string, Header, Uint8Array]>([
    ['gzip', 'gzip', gzipSync(Buffer.alloc(30_000_000))],
    ['gzip that says nothing', undefined, gzipSync(Buffer.alloc(30_000_000))],
    ['br', 'br', brotliCompressSync(Buffer.alloc(30_000_000), { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } })],
    ['deflate', 'deflate', deflateSync(Buffer.alloc(30_000_000))],
    ['gzip in gzip', 'gzip, gzip', gzipSync(gzipSync(Buffer.alloc(30_000_000)))],
    // 20 MB of blocks that hold nothing.
    ['gzip of nothing', 'gzip, gzip', gzipSync(Buffer.concat([emptyBlocks(20_000_000)]))],
  ])('past maxResponseBytes in %s, by what it is decompressed', async (_, header, bomb) => {
    expect(bomb.byteLength).toBeLessThan(100_000);
    const { transport, url } = await served(header, (response) => response.end(bomb), { maxResponseBytes: 100_000 });
    const signal = new AbortController().signal;
    const response = await post(transport, url, signal);
    expect(await errorOf(response.text())).toMatchObject({
      message: 'The response exceeds `maxResponseBytes` of 100000',
    });
    await transport.closed(signal);
  });
});

/** A gzip header, and empty stored blocks behind it. */
function emptyBlocks(bytes: number): Buffer {
  return Buffer.concat([gzipSync('').subarray(0, 10), Buffer.alloc(bytes, Buffer.of(0, 0, 0, 0xff, 0xff))]);
}

test('empty blocks are what they should be', () => {
  const end = Buffer.concat([emptyBlocks(50), gzipSync('').subarray(10)]);
  expect(gunzipSync(end).length).toBe(0);
});

test('a failure keeps its status where its text cannot be read', async () => {
  const { transport, url } = await served('zstd', (response) => {
    response.statusCode = 503;
    response.setHeader('retry-after', '7');
    response.end(TEXT);
  });
  const response = await post(transport, url);
  expect([response.status, response.headers.get('retry-after'), await response.text()]).toEqual([503, '7', '']);
});

describe('a compressed body that is given up', () => {
  const endless = (response: ServerResponse) => {
    const gzip = createGzip();
    gzip.pipe(response);
    const more = () => {
      if (!response.destroyed) gzip.write(TEXT.repeat(20), () => gzip.flush(() => setImmediate(more)));
    };
    more();
  };

  test('by its signal rejects with the reason, and its request is closed', async () => {
    const { transport, url, server } = await served('gzip', endless);
    const controller = new AbortController();
    const { body } = await post(transport, url, controller.signal);
    const reader = body?.[Symbol.asyncIterator]();
    await reader?.next();
    controller.abort(new Error('gone'));
    const rest = (async () => {
      while (!(await reader?.next())?.done);
    })();
    expect(await errorOf(rest)).toMatchObject({ message: 'gone' });
    await transport.closed(controller.signal);
    await expect.poll(() => connectionsOf(server), { interval: 5 }).toBe(0);
  });

  test('by its reader is closed', async () => {
    const { transport, url, server } = await served('gzip', endless);
    const controller = new AbortController();
    const { body } = await post(transport, url, controller.signal);
    const reader = body?.[Symbol.asyncIterator]();
    await reader?.next();
    await reader?.return?.();
    await transport.closed(controller.signal);
    await expect.poll(() => connectionsOf(server), { interval: 5 }).toBe(0);
  });
});

function connectionsOf(server: { getConnections(done: (error: Error | null, count: number) => void): unknown }) {
  return new Promise<number>((resolve) => {
    server.getConnections((_, count) => resolve(count));
  });
}
