import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Gate } from '../../gate.js';
import type { Door, Listener } from '../door.js';

const { resolve } = createRequire(import.meta.url);

/** Every file of the dashboard, by its name below `/ui/`. */
const FILES: Readonly<Record<string, () => string>> = {
  '': () => resolve('#ui/index.html'),
  'style.css': () => resolve('#ui/style.css'),
  'icon.svg': () => resolve('#ui/icon.svg'),
  'main.js': () => resolve('#ui/main.js'),
  'panels.js': () => resolve('#ui/panels.js'),
  'chart.js': () => resolve('#ui/chart.js'),
  'history.js': () => resolve('#ui/history.js'),
  'link.js': () => resolve('#ui/link.js'),
  'format.js': () => resolve('#ui/format.js'),
  // Libraries as their packages have them for browsers.
  'preact.js': () => join(dirname(resolve('htm/preact')), 'standalone.module.js'),
  'uplot.js': () => join(dirname(resolve('uplot')), 'uPlot.esm.js'),
  'uplot.css': () => join(dirname(resolve('uplot')), 'uPlot.min.css'),
};

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** Nothing but files of this address runs, is shown or is asked. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

interface Asset {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** `GET /ui/`: the dashboard. Its files are read once and need no token; the page asks for one and speaks WebSocket. */
export class UiDoor implements Door {
  readonly name = 'ui';

  open(_gate: Gate, listener: Listener): void {
    for (const [name, locate] of Object.entries(FILES)) {
      const asset = read(locate());
      const path = `/ui/${name}`;
      listener.serve('GET', path, {
        access: 'open',
        // The path of the page is also taken for all below it that no other route takes.
        handle: (request, response) =>
          request.url?.split('?', 1)[0] === path ? send(asset, request, response) : miss(response),
      });
    }
    listener.serve('GET', '/ui', {
      access: 'open',
      handle: (_request, response) => response.writeHead(308, { location: '/ui/' }).end(),
    });
  }
}

function read(file: string): Asset {
  const body = readFileSync(file);
  const type = TYPES[file.slice(file.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return { body, headers: { ...HEADERS, 'content-type': type, etag } };
}

function send({ body, headers }: Asset, request: IncomingMessage, response: ServerResponse): void {
  if (request.headers['if-none-match'] === headers['etag']) response.writeHead(304, headers).end();
  else response.writeHead(200, headers).end(body);
}

function miss(response: ServerResponse): void {
  response.writeHead(404, HEADERS).end();
}
