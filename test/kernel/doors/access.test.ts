import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { realClock } from '../../../kernel/clock.js';
import { checkExposure } from '../../../kernel/doors/access.js';
import { configOf, connect, knock, Peer, pause, rpc, type ServeOptions, serve, until } from './ws/harness.js';

const SECRET = 'canary-token-0123456789';
const TOKENS = [{ name: 'alice', sha256: createHash('sha256').update(SECRET).digest('hex') }];
const BEARER = { Authorization: `Bearer ${SECRET}` };
const base64url = (text: string) => Buffer.from(text).toString('base64url');

async function start(options: ServeOptions = {}) {
  const served = await serve(options);
  onTestFinished(() => served.server.close());
  return served;
}

describe('an address', () => {
  test.each(['127.0.0.1', '127.8.9.1', '::1', 'localhost'])('of this machine only needs nothing: %s', (host) => {
    expect(() => checkExposure(configOf({ listen: { host } }))).not.toThrow();
  });

  test.each([
    '0.0.0.0',
    '::',
    '192.168.1.2',
    '127.example',
    'localhost.example',
    '1270.0.0.1',
    '::ffff:8.8.8.8',
  ])('that others reach needs token and TLS, or a word that it is meant: %s', async (host) => {
    const tls = { certFile: 'cert.pem', keyFile: 'key.pem' };
    const refused = { code: 'invalid-config', message: expect.stringContaining(`got "${host}"`) };
    await expect(serve({ listen: { host } })).rejects.toMatchObject(refused);
    await expect(serve({ listen: { host }, tokens: TOKENS })).rejects.toMatchObject(refused);
    await expect(serve({ listen: { host, tls } })).rejects.toMatchObject(refused);
    expect(() => checkExposure(configOf({ listen: { host, tls }, tokens: TOKENS }))).not.toThrow();
    expect(() => checkExposure(configOf({ listen: { host, insecureLan: true } }))).not.toThrow();
  });
});

describe('Host', () => {
  test.each([
    ['127.0.0.1', 101],
    ['127.0.0.1:8787', 101],
    ['localhost:1', 101],
    ['LOCALHOST', 101],
    ['kernel.example:443', 101],
    ['evil.example', 403],
    ['evil.example:8787', 403],
    ['localhost.evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['evil.example@localhost', 403],
    ['localhost@evil.example', 403],
    ['evil.kernel.example', 403],
    ['kernel.example.', 403],
    ['192.168.1.2', 403],
    ['[::1]', 403],
    ['[', 403],
    ['__proto__', 403],
  ])('%s: %i', async (host, status) => {
    const { server } = await start({ listen: { allowedHosts: ['Kernel.example'] } });
    expect(await knock(server.port, { Host: host })).toBe(status);
  });
});

describe('Origin', () => {
  test.each([
    ['https://app.example', 101],
    ['https://APP.example', 101],
    ['http://app.example', 403],
    ['https://app.example:8443', 403],
    ['https://app.example.evil.example', 403],
    ['https://evil-app.example', 403],
    ['https://evil.example', 403],
    ['http://localhost:8787', 403],
    ['null', 403],
    ['', 403],
    ['*', 403],
  ])('%s: %i', async (origin, status) => {
    const { server } = await start({ listen: { allowedOrigins: ['https://app.example'] } });
    expect(await knock(server.port, { Origin: origin })).toBe(status);
  });

  test('on the list still needs the token', async () => {
    const { server } = await start({ listen: { allowedOrigins: ['https://app.example'] }, tokens: TOKENS });
    expect(await knock(server.port, { Origin: 'https://app.example' })).toBe(401);
    expect(await knock(server.port, { Origin: 'https://app.example', ...BEARER })).toBe(101);
    expect(await knock(server.port, { Origin: 'https://evil.example', ...BEARER })).toBe(403);
  });
});

describe('a token', () => {
  test.each<[string, Record<string, string>, string, number]>([
    ['in the header', BEARER, '/', 101],
    ['in the header, the scheme in small letters', { Authorization: `bearer ${SECRET}` }, '/', 101],
    ['in a subprotocol', { 'Sec-WebSocket-Protocol': `eccos.v1, eccos.bearer.${base64url(SECRET)}` }, '/', 101],
    ['that is missing', {}, '/', 401],
    ['that is wrong', { Authorization: `Bearer ${SECRET}x` }, '/', 401],
    ['that is empty', { Authorization: 'Bearer ' }, '/', 401],
    ['of another scheme', { Authorization: `Basic ${base64url(`alice:${SECRET}`)}` }, '/', 401],
    ['in clear in a subprotocol', { 'Sec-WebSocket-Protocol': `eccos.v1, eccos.bearer.${SECRET}` }, '/', 401],
    ['in the query', {}, `/?token=${SECRET}`, 401],
    ['in the query and in the header', BEARER, `/?token=${SECRET}`, 401],
    ['in a cookie', { Cookie: `token=${SECRET}` }, '/', 401],
  ])('%s', async (_where, headers, path, status) => {
    const lines: string[] = [];
    const log = pino({ level: 'trace' }, { write: (line) => void lines.push(line) });
    const { server } = await start({ tokens: TOKENS, log });
    expect(await knock(server.port, headers, path)).toBe(status);
    expect(lines.length).toBe(status === 101 ? 0 : 1);
    for (const form of [SECRET, base64url(SECRET), 'token=']) expect(lines.join()).not.toContain(form);
  });

  test('as a subprotocol is not said back', async () => {
    const served = await start({ tokens: TOKENS });
    const peer = await connect(served, {}, ['eccos.v1', `eccos.bearer.${base64url(SECRET)}`]);
    expect(peer.socket.protocol).toBe('eccos.v1');
    expect(served.session.principal.name).toBe('alice');
  });

  test('that is revoked loses its connections and gets no new one; others stay', async () => {
    const bob = { name: 'bob', sha256: createHash('sha256').update('bob').digest('hex') };
    const served = await start({ tokens: [...TOKENS, bob] });
    const gone = await connect(served, { headers: BEARER });
    const stays = await connect(served, { headers: { Authorization: 'Bearer bob' } });
    served.auth.replace(configOf({ tokens: [bob] }).auth);
    served.server.reload({ limits: served.limits });
    expect(await gone.closed).toEqual({ code: 1008, reason: 'token revoked' });
    await until(() => (served.sessions[0]?.timesClosed ?? 0) > 0);
    expect(await knock(served.server.port, BEARER)).toBe(401);
    expect(await stays.ask(rpc(1))).toHaveProperty('result');
  });
});

describe('TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'server-tls-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const tls = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };

  test.skipIf(spawnSync('openssl', ['version']).status !== 0)('with a token, on every address', async () => {
    const subject = ['-subj', '/CN=localhost', '-days', '1', '-keyout', tls.keyFile, '-out', tls.certFile];
    const newKey = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    execFileSync('openssl', [...newKey, ...subject], { stdio: 'ignore' });
    // As an editor of Windows leaves it.
    writeFileSync(tls.certFile, `\u{FEFF}${readFileSync(tls.certFile, 'utf8')}`);
    const { server, auth } = await start({ listen: { host: '0.0.0.0', tls }, tokens: TOKENS });
    expect(server.url).toBe(`wss://0.0.0.0:${server.port}`);
    const options = { headers: BEARER, rejectUnauthorized: false };
    const peer = await new Peer(`wss://127.0.0.1:${server.port}`, options).opened();
    expect(await peer.ask(rpc(1))).toHaveProperty('result');
    expect(() => auth.replace({ tokens: [] })).toThrow('Expected at least one token');
    const everybody = new Peer(`wss://127.0.0.1:${server.port}`, { rejectUnauthorized: false });
    await expect(everybody.opened()).rejects.toThrow(/401/);
  });

  test('files that are missing or no PEM are named', async () => {
    const missing = serve({ listen: { tls: { certFile: join(folder, 'none.pem'), keyFile: '/dev/null' } } });
    await expect(missing).rejects.toMatchObject({ code: 'invalid-config', message: expect.stringMatching(/none.pem/) });
    const noPem = serve({ listen: { tls: { certFile: '/dev/null', keyFile: '/dev/null' } } });
    await expect(noPem).rejects.toMatchObject({
      code: 'invalid-config',
      message: expect.stringMatching(/^listen.tls/),
    });
  });
});

describe('connections that lead to nothing', () => {
  function dial(port: number): { socket: Socket; closed: Promise<void> } {
    const socket = connectTcp(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    return { socket, closed: new Promise((resolve) => socket.once('close', () => resolve())) };
  }

  test('are bounded for each address, and a place becomes free again', async () => {
    const served = await start({ limits: { socketsPerAddress: 3 } });
    const peers = [await connect(served), await connect(served)];
    for (const peer of peers) await peer.ask(rpc(1));
    const silent = dial(served.server.port);
    await new Promise((resolve) => silent.socket.once('connect', resolve));
    // Who speaks gets the place of who is silent.
    const third = await connect(served);
    await silent.closed;
    await third.ask(rpc(1));
    await dial(served.server.port).closed;
    await expect(connect(served)).rejects.toThrow();
    peers[0]?.socket.terminate();
    await peers[0]?.closed;
    await until(() => served.sessions[0]?.timesClosed === 1);
    expect(await (await connect(served)).ask(rpc(1))).toHaveProperty('result');
  });

  test('are dropped when their headers do not come in time: silent ones, and one byte at a time', async () => {
    const { server } = await start({ limits: { handshakeTimeoutMs: 200 } });
    const started = realClock.now();
    const [silent, slow] = [dial(server.port), dial(server.port)];
    let ended = false;
    void slow.closed.then(() => {
      ended = true;
    });
    slow.socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ');
    while (!ended) {
      slow.socket.write('x');
      await pause(20);
    }
    await silent.closed;
    // A minute is the limit of Node itself.
    expect(realClock.now() - started).toBeLessThan(30_000);
  });

  test('that send garbage in place of HTTP do no harm', async () => {
    const served = await start({ limits: { handshakeTimeoutMs: 200 } });
    for (const bytes of ['\0'.repeat(100), 'GET / HTTP/1.1\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\n', 'x'.repeat(100_000)]) {
      const { socket, closed } = dial(served.server.port);
      socket.write(bytes);
      await closed;
    }
    const { server } = served;
    expect(await knock(server.port, { 'Sec-WebSocket-Key': 'short' })).toBe(400);
    expect(await knock(server.port, { 'Sec-WebSocket-Version': '7' })).toBe(400);
    expect(await knock(server.port, { 'Sec-WebSocket-Protocol': ',,' })).toBe(400);
    expect(await (await connect(served)).ask(rpc(1))).toHaveProperty('result');
  });
});
