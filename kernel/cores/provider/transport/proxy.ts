import { BlockList, isIP, isIPv6 } from 'node:net';
import { isLoopback } from './base-url.js';

type Env = Readonly<Record<string, string | undefined>>;

/** A proxy for HTTP. */
export interface HttpProxy {
  /** Without user name and password. */
  readonly url: URL;
  /** Its own credentials (RFC 9110, 11.7.2), or nothing. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The rule for the address of a proxy. */
export const PROXY_RULE = 'an http or https URL of a proxy, with nothing behind the host and port';

/** @returns undefined for a text that breaks `PROXY_RULE` */
export function parseProxy(text: string): HttpProxy | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const { protocol, username, password, pathname, search, hash } = url;
  if ((protocol !== 'http:' && protocol !== 'https:') || `${pathname}${search}${hash}` !== '/') return undefined;
  url.username = '';
  url.password = '';
  if (username === '' && password === '') return { url, headers: {} };
  const credentials = [username, password].map(decodePercent).join(':');
  return { url, headers: { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` } };
}

/** A password may hold a bare %. */
function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The variable of the environment that names the proxy for this address; `http_proxy` comes before `HTTP_PROXY`, as in curl.
 *
 * @returns undefined without a variable, for this machine, and for what NO_PROXY exempts
 */
export function proxyVariable(target: URL, env: Env): { readonly name: string; readonly value: string } | undefined {
  if (isLoopback(target.hostname)) return undefined;
  const lower = `${target.protocol.slice(0, -1)}_proxy`;
  const name = [lower, lower.toUpperCase()].find((name) => (env[name] ?? '').trim() !== '');
  if (name === undefined || isExempt(target, env['no_proxy'] ?? env['NO_PROXY'] ?? '')) return undefined;
  const value = (env[name] ?? '').trim();
  return { name, value: value.includes('://') ? value : `http://${value}` };
}

/**
 * @param list entries between commas or spaces: `*`, a name with all names below it, an address, or a range of addresses
 *   such as 10.0.0.0/8; each may end with a port
 */
function isExempt({ hostname, port, protocol }: URL, list: string): boolean {
  const host = hostname.replace(/^\[|\]$|\.$/g, '');
  const targetPort = port !== '' ? port : protocol === 'https:' ? '443' : '80';
  const entries = list.toLowerCase().split(/[\s,]+/);
  return entries.some((entry) => {
    const { name, port } = splitPort(entry);
    if (name === '' || (port !== undefined && port !== targetPort)) return false;
    return name === '*' || (isIP(host) === 0 ? isBelow(host, name) : isWithin(host, name));
  });
}

function splitPort(entry: string): { readonly name: string; readonly port: string | undefined } {
  if (isIPv6(entry.replace(/\/\d+$/, ''))) return { name: entry, port: undefined };
  const [, name = entry, port] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  return { name: name.replace(/^\[(.*)\]/, '$1'), port };
}

function isBelow(host: string, name: string): boolean {
  const suffix = name.replace(/^\*?\.|\.$/g, '');
  return host === suffix || host.endsWith(`.${suffix}`);
}

function isWithin(address: string, range: string): boolean {
  const [network = '', prefix] = range.split('/');
  const version = isIP(network);
  if (version === 0) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const bits = prefix === undefined ? (version === 4 ? 32 : 128) : Number(prefix);
  if (!Number.isInteger(bits) || bits < 0 || bits > (version === 4 ? 32 : 128)) return false;
  const block = new BlockList();
  block.addSubnet(network, bits, family);
  return block.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6');
}
