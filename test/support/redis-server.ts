import { spawnSync } from 'node:child_process';
import { describe, onTestFinished } from 'vitest';
import { freePort } from './free-port.js';
import { RedisProcess } from './redis-process.js';

/** Why tests that need Redis are skipped; undefined: it is here. */
const NO_REDIS =
  spawnSync('redis-server', ['--version']).status === 0
    ? undefined
    : 'redis-server is not installed (Debian: apt-get install redis-server)';

/** Tests that need Redis; skipped with the reason in their name where it is not here. */
export function withRedis(name: string, tests: () => void): void {
  if (NO_REDIS === undefined) describe(name, tests);
  else describe.skip(`${name} (${NO_REDIS})`, tests);
}

/** Redis until the test is over. */
export class RedisServer extends RedisProcess {
  /** @param settings in place of those that are safe for a cluster */
  static async start(settings: readonly string[] = []): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), settings);
    onTestFinished(() => server.stop());
    await server.again();
    return server;
  }
}
