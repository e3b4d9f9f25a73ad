import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { Shell } from '../agents/shell/eccos.js';
import { freePort } from '../support/free-port.js';
import type { Left, Target } from './target.js';

/** Tokens a second of the slower core. */
const SLOW = 300;

function config(port: number, path: string, slow: number): string {
  const core = (id: string, speed: number) => ({
    ...{ id, kind: 'simulated', cap: 8, ttftMs: 5, prefillSpeed: 'unlimited', decodeSpeed: speed, chunkMs: 5 },
    ...{ answerTokens: { median: 40, spread: 0.5 }, price: { inputPerMTok: 1, outputPerMTok: 1 } },
  });
  return JSON.stringify({
    ...{ policy: 'fifo', listen: { port }, log: { level: 'error' }, journal: { path } },
    cores: [core('fast', 2000), core('slow', slow)],
  });
}

interface KernelProcessOptions {
  /** Arguments for Node, such as what is to be loaded before the kernel. */
  readonly node?: readonly string[];
  /** More variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Tokens a second of the core `slow`. */
  readonly slow?: number;
}

type Row = Readonly<Record<string, string | number | null>>;

/** A kernel with a journal, in a process of its own that may be killed; the next one has the same address. */
export class KernelProcess implements Target {
  readonly port: number;
  readonly path: string;
  readonly #file: string;
  readonly #node: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  #shell: Shell | undefined;

  private constructor(folder: string, port: number, { node = [], env = {}, slow = SLOW }: KernelProcessOptions) {
    this.port = port;
    this.path = join(folder, 'eccos.db');
    this.#file = join(folder, 'eccos.json');
    this.#node = node;
    this.#env = env;
    writeFileSync(this.#file, config(port, this.path, slow));
  }

  static async start(folder: string, options: KernelProcessOptions = {}): Promise<KernelProcess> {
    const kernel = new KernelProcess(folder, await freePort(), options);
    await kernel.boot();
    return kernel;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  get urls(): readonly [string] {
    return [this.url];
  }

  async strike(): Promise<void> {
    await this.end('SIGKILL');
    await this.boot();
  }

  async stop(): Promise<Left> {
    await this.end('SIGTERM');
    const db = new Database(this.path, { readonly: true });
    const rows = db
      .prepare('SELECT calls.idem, ends.status, ends.body FROM calls LEFT JOIN ends USING (seq)')
      .all() as Row[];
    const { most } = db
      .prepare('SELECT max(n) AS most FROM (SELECT count(*) AS n FROM starts GROUP BY seq)')
      .get() as Row;
    const { spent } = db.prepare('SELECT total(cost_usd) AS spent FROM accounts').get() as Row;
    db.close();
    const calls = rows.map(({ idem, status, body }) => ({
      key: String(idem),
      status: status === null ? undefined : String(status),
      end: body === null ? undefined : JSON.parse(String(body)),
    }));
    return { calls, spentUsd: Number(spent), mostStarts: Number(most), violations: [] };
  }

  async boot(): Promise<void> {
    this.#shell = new Shell(['boot', '--config', this.#file], this.#env, this.#node);
    await this.#shell.wrote('stdout', /ws:\/\//);
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#shell?.signal(signal);
    await this.#shell?.ended();
  }
}
