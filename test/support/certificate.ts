import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate that signs itself, and its key: PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export const NO_OPENSSL = 'openssl is missing, which makes the certificates of this test';

/** @param names host names or addresses, `DNS:` or `IP:` before each @returns undefined without openssl */
export function certificateFor(...names: readonly string[]): Certificate | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'eccos-certificate-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const forNames = ['-subj', '/CN=eccos test', '-addext', `subjectAltName=${names.join(',')}`];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  try {
    execFileSync('openssl', ['req', '-x509', ...curve, '-keyout', key, '-out', cert, ...forNames], { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
