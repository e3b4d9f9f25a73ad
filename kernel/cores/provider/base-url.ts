/**
 * What is wrong with an address for requests that carry a key: only https leaves this machine.
 *
 * @returns the rule that it breaks, undefined for a good one
 */
export function baseUrlFault(text: string): string | undefined {
  if (!URL.canParse(text)) return 'a URL';
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return 'a URL without user name and password';
  if (url.search !== '' || url.hash !== '') return 'a URL without ? and #';
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return undefined;
  return 'an https URL (http is for 127.0.0.1, [::1] and localhost only)';
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
