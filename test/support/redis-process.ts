import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';

const SAFE = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--maxmemory-policy', 'noeviction', '--save', ''];

/** Redis on a free port of 127.0.0.1. */
export class RedisProcess {
  readonly port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), 'eccos-redis-'));
  readonly #settings: readonly string[];
  #child: ChildProcess | undefined;

  protected constructor(port: number, settings: readonly string[]) {
    this.port = port;
    this.#settings = settings;
  }

  /** @param settings in place of those that are safe for a cluster */
  static async boot(settings: readonly string[] = []): Promise<RedisProcess> {
    const server = new RedisProcess(await freePort(), settings);
    await server.again();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** As `kill -9` does. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Starts it on what it has written. */
  async again(): Promise<void> {
    const own = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder];
    const child = spawn('redis-server', [...own, ...SAFE, ...this.#settings], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child = child;
    let text = '';
    for await (const piece of child.stdout) {
      text += String(piece);
      if (text.includes('Ready to accept connections')) break;
    }
    child.stdout.resume();
    if (child.exitCode !== null) throw new Error(`redis-server has ended: ${text}`);
  }

  /** Ends it, and forgets all that it has written. */
  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
