import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { bootKernel } from '../../kernel/boot.js';
import { checkConfig } from '../../kernel/config/config.js';

/** A kernel on one core that answers at once and takes 1,000 calls, with every check on; limits that the load would hit are raised. */
async function kernel(level: string | undefined): Promise<string> {
  const folder = level === undefined ? undefined : mkdtempSync(join(tmpdir(), 'eccos-bench-'));
  if (folder !== undefined) process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const config = checkConfig(
    {
      policy: 'fifo',
      listen: { port: 0 },
      limits: { requestsPerSecond: 1e6, pendingPerAgent: 100_000, pendingTotal: 100_000, socketsPerAddress: 20_000 },
      cores: [
        {
          id: 'noop',
          kind: 'simulated',
          price: { inputPerMTok: 1, outputPerMTok: 1 },
          cap: 1000,
          ttftMs: 0,
          prefillSpeed: 'unlimited',
          decodeSpeed: 'unlimited',
          answerTokens: { median: 1, spread: 0 },
        },
      ],
      log: { level: 'error' },
      ...(folder === undefined ? {} : { journal: { path: join(folder, 'eccos.db'), level } }),
    },
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

process.on('message', (what) => {
  if (what === 'cpu') {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
    return;
  }
  globalThis.gc?.();
  process.send?.(process.memoryUsage.rss());
});
process.on('SIGTERM', () => process.exit(0));
process.stdout.write(`${await (process.argv[2] === 'echo' ? echo() : kernel(process.argv[3]))}\n`);
