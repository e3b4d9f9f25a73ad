import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import tls, { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { SyscallError } from '../../../../syscalls/errors.js';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * What this process trusts, and more.
 *
 * @param ca path of a PEM file, or PEM
 * @throws SyscallError `invalid-config` where it cannot be read, or holds no certificate
 */
export async function trustedWith(
  ca: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<SecureContext> {
  const isPath = !ca.includes('-----BEGIN');
  const certificates = certificatesOf(isPath ? await read(ca) : ca);
  if (certificates.length === 0) {
    const where = isPath ? `the file ${ca}` : 'it';
    throw new SyscallError(
      'invalid-config',
      `Expected \`ca\` to be PEM with a certificate, but ${where} holds none that is valid`,
    );
  }
  return createSecureContext({ ca: [...(await trustedByDefault(env)), ...certificates] });
}

async function trustedByDefault(env: Readonly<Record<string, string | undefined>>): Promise<readonly string[]> {
  // From Node 22.15 on; it knows of --use-system-ca too.
  const { getCACertificates } = tls as { readonly getCACertificates?: (type: 'default') => string[] };
  if (getCACertificates !== undefined) return getCACertificates('default');
  const file = env['NODE_EXTRA_CA_CERTS'];
  if (file === undefined || file === '') return rootCertificates;
  // Node warns of a file that cannot be read, and goes on without.
  const more = await readFile(file, 'utf8').catch(() => '');
  return [...rootCertificates, ...certificatesOf(more)];
}

function certificatesOf(pem: string): readonly string[] {
  return (pem.match(CERTIFICATE) ?? []).filter(isValid);
}

function isValid(certificate: string): boolean {
  try {
    return new X509Certificate(certificate).subject !== undefined;
  } catch {
    return false;
  }
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SyscallError('invalid-config', `Expected \`ca\` to be a file that can be read, got "${path}" (${code})`);
  }
}
