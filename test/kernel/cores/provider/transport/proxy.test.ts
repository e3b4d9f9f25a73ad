import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parseProxy, proxyVariable } from '../../../../../kernel/cores/provider/transport/proxy.js';
import { certificateFor, NO_OPENSSL } from '../../../../support/certificate.js';
import { errorOf } from '../../ask.js';
import { connectProxy } from './connect-proxy.js';
import { ask, post, provider, rawProvider, transportTo } from './transport-world.js';

const certificate = certificateFor('DNS:llm.test', 'IP:127.0.0.1');
const LLM = 'https://llm.test/v1';

describe('the proxy of the environment', () => {
  const P = 'http://proxy.test:3128';

  test.each<[string, string, Record<string, string>, string | undefined]>([
    ['https', 'https://api.test/v1', { HTTPS_PROXY: P }, 'HTTPS_PROXY'],
    ['https, small', 'https://api.test/v1', { https_proxy: P }, 'https_proxy'],
    ['small before capital', 'https://api.test/v1', { https_proxy: P, HTTPS_PROXY: 'http://other' }, 'https_proxy'],
    ['an empty one beside it', 'https://api.test/v1', { https_proxy: '', HTTPS_PROXY: P }, 'HTTPS_PROXY'],
    ['of the other scheme', 'https://api.test/v1', { HTTP_PROXY: P }, undefined],
    ['http', 'http://api.test/v1', { HTTP_PROXY: P, HTTPS_PROXY: 'http://other' }, 'HTTP_PROXY'],
    ['nothing', 'https://api.test/v1', {}, undefined],
    ['only spaces', 'https://api.test/v1', { HTTPS_PROXY: '  ' }, undefined],
    ['localhost', 'http://localhost:8000/v1', { HTTP_PROXY: P }, undefined],
    ['127.0.0.1', 'https://127.0.0.1/v1', { HTTPS_PROXY: P }, undefined],
    ['127.8.9.1', 'https://127.8.9.1/v1', { HTTPS_PROXY: P }, undefined],
    ['::1', 'https://[::1]/v1', { HTTPS_PROXY: P }, undefined],
  ])('for %s', (_, target, env, name) => {
    expect(proxyVariable(new URL(target), env)?.name).toBe(name);
  });

  test('may leave its scheme out', () => {
    const found = proxyVariable(new URL(LLM), { HTTPS_PROXY: 'proxy.test:3128' });
    expect(parseProxy(found?.value ?? '')?.url.origin).toBe('http://proxy.test:3128');
  });

  test.each<[string, string]>([
    ['*', LLM],
    ['llm.test', LLM],
    ['.llm.test', LLM],
    ['.test', LLM],
    ['test', LLM],
    ['*.test', LLM],
    ['LLM.Test', LLM],
    ['other.test, llm.test', LLM],
    ['other.test llm.test', LLM],
    ['llm.test:443', LLM],
    ['llm.test.', LLM],
    ['llm.test', 'https://llm.test./v1'],
    ['.internal:8443', 'https://a.b.internal:8443/v1'],
    ['10.1.2.3', 'https://10.1.2.3/v1'],
    ['10.1.2.3:443', 'https://10.1.2.3/v1'],
    ['10.0.0.0/8', 'https://10.200.3.4/v1'],
    ['192.168.0.0/16,10.0.0.0/8', 'https://192.168.7.7/v1'],
    ['10.0.0.0/8:8000', 'http://10.1.1.1:8000/v1'],
    ['fd00::/8', 'https://[fd12::7]/v1'],
    ['[fd12::7]:443', 'https://[fd12::7]/v1'],
    ['fd12::7', 'https://[fd12::7]/v1'],
    ['[fd12::7]', 'https://[fd12::7]/v1'],
    ['0.0.0.0/0', 'https://8.8.8.8/v1'],
  ])('is left out by NO_PROXY %s for %s', (list, target) => {
    const env = { HTTPS_PROXY: P, HTTP_PROXY: P };
    expect(proxyVariable(new URL(target), { ...env, NO_PROXY: list })).toBeUndefined();
    expect(proxyVariable(new URL(target), { ...env, no_proxy: list })).toBeUndefined();
  });

  test.each<[string, string]>([
    ['', LLM],
    [',, ,', LLM],
    ['lm.test', LLM],
    ['llm.test.org', LLM],
    ['a.llm.test', LLM],
    ['llm.test:8443', LLM],
    ['localhost,127.0.0.1', LLM],
    ['.', LLM],
    ['10.0.0.0/8', 'https://11.0.0.1/v1'],
    ['10.0.0.0/99', 'https://10.0.0.1/v1'],
    ['10.0.0.0/8', 'https://10.example.test/v1'],
    ['10.0.0.0/x', 'https://10.0.0.1/v1'],
    ['0.1', 'https://10.0.0.1/v1'],
    ['fd00::/8', 'https://[2001:db8::1]/v1'],
    ['[fd12::7]:8443', 'https://[fd12::7]/v1'],
    ['10.0.0.0/8', 'https://[fd12::7]/v1'],
  ])('is not left out by NO_PROXY %j for %s', (list, target) => {
    expect(proxyVariable(new URL(target), { HTTPS_PROXY: P, NO_PROXY: list })?.name).toBe('HTTPS_PROXY');
  });
});

describe('the address of a proxy', () => {
  test.each([
    'http://proxy.test',
    'http://proxy.test:3128/',
    'https://proxy.test',
    'http://[::1]:8080',
  ])('may be %s', (text) => expect(parseProxy(text)).toMatchObject({ headers: {} }));

  test.each([
    ['http://me:secret@proxy.test:3128', 'me:secret'],
    ['http://me@proxy.test', 'me:'],
    ['http://a%40b:p%3Ass%25@proxy.test', 'a@b:p:ss%'],
    ['http://me:100%@proxy.test', 'me:100%'],
  ])('may hold credentials: %s', (text, credentials) => {
    const found = parseProxy(text);
    expect(Buffer.from(found?.headers['proxy-authorization']?.slice(6) ?? '', 'base64').toString()).toBe(credentials);
    expect(found?.url.href).not.toMatch(/me|secret|@/);
  });

  test.each([
    'proxy',
    'proxy.test:3128',
    'socks5://proxy.test',
    'ftp://proxy.test',
    'http://',
    'http://p/path',
    'http://p/?a',
    'http://p/#a',
    '',
  ])('may not be %j', (text) => expect(parseProxy(text)).toBeUndefined());

  test.each([
    'socks5://me:canary@proxy.test',
    'http://canary/path',
    '::canary',
  ])('in the environment is refused without being shown: %s', async (HTTPS_PROXY) => {
    const error = await errorOf(transportTo(LLM, {}, { env: { HTTPS_PROXY } }));
    expect(error).toMatchObject({
      code: 'invalid-config',
      message: expect.stringMatching(/^core: Expected the environment variable HTTPS_PROXY to be an http or https URL/),
    });
    expect(inspect(error)).not.toMatch(/canary/);
    // For what does not go through it, it may be anything.
    await transportTo('https://127.0.0.1/v1', {}, { env: { HTTPS_PROXY } });
    await transportTo(LLM, { proxy: false }, { env: { HTTPS_PROXY } });
    await transportTo(LLM, {}, { env: { HTTPS_PROXY, NO_PROXY: '.test' } });
  });
});

describe('a request to a TLS origin', () => {
  test('goes through a tunnel, which is kept', async ({ skip }) => {
    if (certificate === undefined) return skip(NO_OPENSSL);
    const seen: unknown[] = [];
    const { port } = await provider((request, response) => {
      seen.push(request.headers);
      request.resume().on('end', () => response.end(request.url));
    }, certificate);
    const proxy = await connectProxy(port, { credentials: 'me:canary@1' });
    const env = { HTTPS_PROXY: proxy.url.replace('//', '//me:canary%401@') };
    const transport = await transportTo(LLM, { ca: certificate.cert }, { env });
    for (let i = 0; i < 3; i++) {
      expect(await ask(transport, LLM)).toBe('/v1/chat');
      await new Promise(setImmediate);
    }
    expect(proxy.asked).toHaveLength(1);
    expect(proxy.asked[0]).toMatchObject({ method: 'CONNECT', target: 'llm.test:443' });
    expect(JSON.stringify(seen)).toMatch(/"host":"llm.test"/);
    expect(JSON.stringify(seen)).not.toMatch(/proxy|Basic/);
    transport.close();
    await expect.poll(proxy.open, { interval: 5 }).toBe(0);
  });

  test('goes through the proxy of the config before that of the environment, to this machine too', async ({ skip }) => {
    if (certificate === undefined) return skip(NO_OPENSSL);
    const { port, url } = await provider((_, response) => response.end('ok'), certificate);
    const proxy = await connectProxy(port);
    const env = { HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '*' };
    const transport = await transportTo(url, { ca: certificate.cert, proxy: proxy.url }, { env });
    expect(await ask(transport, url)).toBe('ok');
    expect(proxy.asked[0]?.target).toBe(`127.0.0.1:${port}`);
  });

  test('goes through a proxy that speaks TLS itself', async ({ skip }) => {
    if (certificate === undefined) return skip(NO_OPENSSL);
    const { port } = await provider((_, response) => response.end('ok'), certificate);
    const proxy = await connectProxy(port, {}, certificate);
    const transport = await transportTo(LLM, { ca: certificate.cert, proxy: proxy.url });
    expect(await ask(transport, LLM)).toBe('ok');
    const strange = await transportTo(LLM, { proxy: proxy.url });
    expect(await errorOf(ask(strange, LLM))).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });

  test.each([
    407, 403, 502, 302,
  ])('that the proxy answers with HTTP %i never leaves: the error says so', async (status) => {
    const proxy = await connectProxy(9, status === 407 ? { credentials: 'me:right' } : { status });
    const transport = await transportTo(LLM, { proxy: proxy.url.replace('//', '//me:canary@') });
    const error = await errorOf(ask(transport, LLM));
    const message = `The proxy answered HTTP ${status} to CONNECT`;
    const details = { class: status === 502 ? 'provider' : 'config' };
    expect(error).toMatchObject({ code: 'core-failed', message, details });
    expect(inspect([error, transport], { depth: 20 })).not.toMatch(/canary/);
    await expect.poll(proxy.open, { interval: 5 }).toBe(0);
  });

  test('fails with its code where there is no proxy', async () => {
    const transport = await transportTo(LLM, { proxy: 'http://127.0.0.1:9' });
    expect(await errorOf(ask(transport, LLM))).toMatchObject({ code: 'ECONNREFUSED' });
  });

  test.for([['http'], ['https']])('that waits for an %s proxy is closed as soon as it is given up', async ([scheme], {
    skip,
  }) => {
    if (certificate === undefined) return skip(NO_OPENSSL);
    const proxy = await connectProxy(9, { status: undefined }, scheme === 'https' ? certificate : undefined);
    const transport = await transportTo(LLM, { proxy: proxy.url, ca: certificate.cert });
    const controller = new AbortController();
    const asked = errorOf(post(transport, LLM, controller.signal));
    await expect.poll(() => proxy.asked.length, { interval: 2 }).toBe(1);
    controller.abort(new Error('gone'));
    await transport.closed(controller.signal);
    await asked;
    await expect.poll(proxy.open, { interval: 5 }).toBe(0);
  });

  test('that is given up in the middle of the answer is closed on both sides', async ({ skip }) => {
    if (certificate === undefined) return skip(NO_OPENSSL);
    let isOpen = false;
    const { port } = await provider((_, response) => {
      isOpen = true;
      response.once('close', () => {
        isOpen = false;
      });
      response.write('data: 1\n\n');
    }, certificate);
    const proxy = await connectProxy(port);
    const transport = await transportTo(LLM, { proxy: proxy.url, ca: certificate.cert });
    const controller = new AbortController();
    const { body } = await post(transport, LLM, controller.signal);
    const reader = body?.[Symbol.asyncIterator]();
    await reader?.next();
    controller.abort(new Error('gone'));
    expect(await errorOf(reader?.next() ?? Promise.resolve())).toMatchObject({ message: 'gone' });
    await transport.closed(controller.signal);
    await expect.poll(() => [isOpen, proxy.open()], { interval: 5 }).toEqual([false, 0]);
  });

  test('that meets a tunnel which the provider has dropped goes out once more through a new one', async ({ skip }) => {
    if (certificate === undefined) return skip(NO_OPENSSL);
    const { url, connections } = await rawProvider((socket) => {
      let count = 0;
      socket.on('data', (bytes) => {
        if (!bytes.includes('\r\n\r\n')) return;
        if (count++ === 0) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
        else socket.destroy();
      });
    }, certificate);
    const proxy = await connectProxy(Number(new URL(url).port));
    const transport = await transportTo(LLM, { proxy: proxy.url, ca: certificate.cert });
    for (let i = 0; i < 3; i++) {
      expect(await ask(transport, LLM)).toBe('ok');
      await new Promise(setImmediate);
    }
    expect([connections(), proxy.asked.length]).toEqual([3, 3]);
  });
});

describe('a request to an origin without TLS', () => {
  test.for([['http'], ['https']])('is forwarded by an %s proxy, with its credentials', async ([scheme], { skip }) => {
    if (scheme === 'https' && certificate === undefined) return skip(NO_OPENSSL);
    const seen: unknown[] = [];
    const { port } = await provider((request, response) => {
      let text = '';
      request.on('data', (bytes) => {
        text += bytes;
      });
      request.on('end', () => {
        seen.push(text);
        response.end(request.url);
      });
    });
    const proxy = await connectProxy(port, { credentials: 'me:canary' }, scheme === 'https' ? certificate : undefined);
    const url = 'http://llm.test:8000/v1';
    const env = { HTTP_PROXY: proxy.url.replace('//', '//me:canary@') };
    const transport = await transportTo(url, { allowHttp: true, query: { a: '1' }, ca: certificate?.cert }, { env });
    for (const body of ['{"a":1}', '{"b":2}']) {
      expect(await ask(transport, url, body)).toBe('/v1/chat?a=1');
      await new Promise(setImmediate);
    }
    expect(seen).toEqual(['{"a":1}', '{"b":2}']);
    expect(proxy.asked).toMatchObject([
      { method: 'POST', target: 'http://llm.test:8000/v1/chat?a=1', headers: { host: 'llm.test:8000' } },
      { method: 'POST' },
    ]);
    expect(proxy.open()).toBe(1);
  });

  test('that is given up is closed', async () => {
    const { port } = await provider((_, response) => response.write('data: 1\n\n'));
    const proxy = await connectProxy(port);
    const url = 'http://llm.test/v1';
    const transport = await transportTo(url, { allowHttp: true, proxy: proxy.url });
    const controller = new AbortController();
    const response = await post(transport, url, controller.signal);
    controller.abort(new Error('gone'));
    expect(await errorOf(response.text())).toMatchObject({ message: 'gone' });
    await transport.closed(controller.signal);
    await expect.poll(proxy.open, { interval: 5 }).toBe(0);
  });
});
