import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { WebSocketServer } from 'ws';
import { bootKernel } from '../../kernel/boot.js';
import { checkConfig } from '../../kernel/config/config.js';

const PRICE = { inputPerMTok: 1, outputPerMTok: 1 };
/** Answers at once. */
const NOOP = {
  id: 'noop',
  kind: 'simulated',
  price: PRICE,
  cap: 1000,
  ttftMs: 0,
  prefillSpeed: 'unlimited',
  decodeSpeed: 'unlimited',
  answerTokens: { median: 1, spread: 0 },
};

/** A kernel on one core that takes 1,000 calls, with every check on; limits that the load would hit are raised. */
async function kernel(core: object, level = ''): Promise<string> {
  const folder = level === '' ? undefined : mkdtempSync(join(tmpdir(), 'eccos-bench-'));
  if (folder !== undefined) process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const config = checkConfig(
    {
      policy: 'fifo',
      listen: { port: 0 },
      limits: { requestsPerSecond: 1e6, pendingPerAgent: 100_000, pendingTotal: 100_000, socketsPerAddress: 20_000 },
      cores: [core],
      log: { level: 'error' },
      ...(folder === undefined ? {} : { journal: { path: join(folder, 'eccos.db'), level } }),
    },
    'the benchmark',
  );
  return (await (await bootKernel(config)).listen()).url;
}

/** A kernel of this config, with the usual limits where it names none. @param text JSON */
async function kernelOf(text: string): Promise<string> {
  const config = checkConfig(
    { policy: 'fifo', listen: { port: 0 }, cores: [NOOP], log: { level: 'error' }, ...JSON.parse(text) },
    'the benchmark',
  );
  return (await (await bootKernel(config)).listen()).url;
}

/** What the sockets alone can do: every message comes back as it went. */
function echo(): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(data, { binary: false })));
  return new Promise((resolve) => {
    server.on('listening', () => resolve(`ws://127.0.0.1:${(server.address() as { port: number }).port}`));
  });
}

/** A provider of OpenAI's API that answers `ok` after 60 ms, whole or as events. */
function upstream(): Promise<string> {
  const chunk = (delta: object, finish_reason: string | null) =>
    JSON.stringify({
      id: 'u',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [{ index: 0, delta, finish_reason }],
    });
  const usage = { prompt_tokens: 7, completion_tokens: 1, total_tokens: 8 };
  const message = { role: 'assistant', content: 'ok' };
  const whole = JSON.stringify({
    id: 'u',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage,
  });
  const events = [
    chunk({ content: 'ok' }, null),
    chunk({}, 'stop'),
    JSON.stringify({ id: 'u', choices: [], usage }),
    '[DONE]',
  ];
  const stream = events.map((event) => `data: ${event}\n\n`).join('');
  const answer = (response: ServerResponse, isStream: boolean) => {
    const type = isStream ? 'text/event-stream' : 'application/json';
    response.writeHead(200, { 'content-type': type }).end(isStream ? stream : whole);
  };
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    request.on('end', () => setTimeout(() => answer(response, text.includes('"stream":true')), 60));
  });
  server.keepAliveTimeout = 60_000;
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

/** A kernel on one core at a provider's address. */
function proxy(baseUrl: string): Promise<string> {
  return kernel({
    id: 'core',
    kind: 'provider',
    provider: 'openai-compatible',
    model: 'm',
    baseUrl,
    price: PRICE,
    cap: 1000,
  });
}

process.on('SIGTERM', () => process.exit(0));
const delays = monitorEventLoopDelay({ resolution: 5 });
process.on('message', (what) => {
  if (what === 'stall' || what === 'delay') {
    // The first question starts the measurement.
    process.send?.((what === 'stall' ? delays.max : delays.percentile(99)) / 1e6);
    delays.reset();
    delays.enable();
    return;
  }
  if (what === 'main-cpu') {
    const [ns] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ');
    process.send?.(Number(ns) / 1000);
    return;
  }
  if (what === 'cpu') {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
    return;
  }
  if (what === 'memory') globalThis.gc?.();
  process.send?.(process.memoryUsage.rss());
});

/** `address` is that of a provider, the level of a journal, or a config. */
const [, , what, address = ''] = process.argv;
const STARTS: Readonly<Record<string, () => Promise<string>>> = {
  echo,
  upstream,
  kernel: () => kernel(NOOP, address),
  config: () => kernelOf(address),
  proxy: () => proxy(address),
};
process.stdout.write(`${await STARTS[what ?? '']?.()}\n`);
