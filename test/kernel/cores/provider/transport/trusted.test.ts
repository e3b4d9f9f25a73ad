import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { certificateFor, NO_OPENSSL } from '../../../../support/certificate.js';
import { errorOf } from '../../ask.js';
import { ask, provider, transportTo } from './transport-world.js';

const own = certificateFor('IP:127.0.0.1');
const other = certificateFor('DNS:other.test');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'eccos-trusted-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe.skipIf(own === undefined || other === undefined)(
  'a provider with a certificate that nobody else signed',
  () => {
    const { cert = '' } = own ?? {};
    const { cert: stranger = '', key = '' } = other ?? {};
    const serve = () => provider((_, response) => response.end('ok'), own);

    test('fails with the code that says why', async () => {
      const { url } = await serve();
      expect(await errorOf(ask(await transportTo(url), url))).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    });

    test('for another name fails with its code, though it is trusted', async () => {
      const { url } = await provider((_, response) => response.end('ok'), other);
      const error = await errorOf(ask(await transportTo(url, { ca: stranger }), url));
      expect(error).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    });

    test.each<[string, () => string]>([
      ['in a file', () => write('own.pem', cert)],
      ['in the config itself', () => cert],
      ['among others', () => write('both.pem', `${stranger}\n# ours\n${cert}`)],
      ['with the ends of lines of Windows', () => write('crlf.pem', cert.replaceAll('\n', '\r\n'))],
      ['beside one that is broken', () => `${cert}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`],
    ])('is trusted where `ca` has it %s', async (_, ca) => {
      const { url } = await serve();
      expect(await ask(await transportTo(url, { ca: ca() }), url)).toBe('ok');
    });

    test('is trusted by the core that names it only', async () => {
      const { url } = await serve();
      expect(await ask(await transportTo(url, { ca: cert }), url)).toBe('ok');
      expect(await errorOf(ask(await transportTo(url, { ca: stranger }), url))).toMatchObject({
        code: expect.stringMatching(/CERT/),
      });
    });

    test('of NODE_EXTRA_CA_CERTS stays trusted beside `ca`', async ({ skip }) => {
      if ('getCACertificates' in (await import('node:tls'))) skip('this Node lists what it trusts itself');
      const { url } = await serve();
      const env = { NODE_EXTRA_CA_CERTS: write('extra.pem', cert) };
      expect(await ask(await transportTo(url, { ca: stranger }, { env }), url)).toBe('ok');
    });

    test.each<[string, () => string, RegExp]>([
      [
        'a file that is not there',
        () => join(folder, 'no.pem'),
        /^core: Expected `ca` to be a file .*no\.pem" \(ENOENT\)$/,
      ],
      ['a folder', () => folder, /^core: Expected `ca` to be a file that can be read, got .*\(EISDIR\)$/],
      [
        'an empty file',
        () => write('empty.pem', ''),
        /^core: Expected `ca` to be PEM with a certificate, but the file/,
      ],
      ['a key', () => key, /^core: Expected `ca` to be PEM with a certificate, but it holds none that is valid$/],
      ['a file with a key', () => write('key.pem', key), /^core: .* but the file .*key\.pem holds none/],
      ['a certificate in pieces', () => cert.slice(0, 200), /holds none that is valid$/],
    ])('is refused where `ca` is %s', async (_, ca, message) => {
      const error = await errorOf(transportTo('https://127.0.0.1:1/v1', { ca: ca() }));
      expect(error).toMatchObject({ code: 'invalid-config', message: expect.stringMatching(message) });
      expect(String(error)).not.toContain(key.split('\n')[1]);
    });
  },
);

test('openssl makes the certificates of these tests', ({ skip }) => {
  if (own === undefined) skip(NO_OPENSSL);
});
