import type { IncomingMessage, ServerResponse } from 'node:http';

/** Names of headers, separated by commas. */
const NAMES = /^[\w!#$%&'*+.^`|~-]+(\s*,\s*[\w!#$%&'*+.^`|~-]+)*$/;

/** Lets the web page that asks read the answer. @param request one whose Origin has been checked */
export function allowOrigin({ headers: { origin } }: IncomingMessage, response: ServerResponse): void {
  if (origin === undefined) return;
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', '*');
  response.setHeader('vary', 'origin');
}

/** The method that a browser asks about before it makes the request itself; undefined: no such question. */
export function preflightMethod({ method, headers }: IncomingMessage): string | undefined {
  return method === 'OPTIONS' ? headers['access-control-request-method'] : undefined;
}

/** Says yes to a browser's question. */
export function answerPreflight(request: IncomingMessage, response: ServerResponse, method: string): void {
  const wanted = request.headers['access-control-request-headers'];
  allowOrigin(request, response);
  response.writeHead(204, {
    'access-control-allow-methods': method,
    ...(wanted !== undefined && NAMES.test(wanted) ? { 'access-control-allow-headers': wanted } : {}),
    'access-control-max-age': '600',
  });
  response.end();
}
