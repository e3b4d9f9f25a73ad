/**
 * What is wrong with an address for requests that carry a key: only https leaves this machine, unless http is allowed.
 *
 * @returns the rule that it breaks, undefined for a good one
 */
export function baseUrlFault(text: string, allowHttp: boolean): string | undefined {
  if (!URL.canParse(text)) return 'a URL';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return 'a URL without user name and password';
  if (url.search !== '' || url.hash !== '') return 'a URL without ? and #; parameters go into `query`';
  if (url.protocol === 'https:') return undefined;
  if (url.protocol === 'http:' && (allowHttp || isLoopback(url.hostname))) return undefined;
  return 'an https URL (http is for 127.0.0.1, [::1] and localhost, or with `allowHttp: true`)';
}

/** @param hostname as in a URL, IPv6 in brackets */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
