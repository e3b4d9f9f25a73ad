import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../../..');
/** What is shipped; a test run begins with its build. */
const MAIN = resolve(ROOT, 'dist/agents/shell/main.js');

type Env = Readonly<Record<string, string | undefined>>;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A shell command in a process of its own. */
export class Shell {
  readonly child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #waiting = new Set<() => void>();
  stdout = '';
  stderr = '';

  /** @param node more arguments for Node */
  constructor(args: readonly string[], env: Env = {}, node: readonly string[] = [], cwd = ROOT) {
    // The environment of the tests must not choose a policy, a kernel or a token.
    const clean = { ECCOS_POLICY: undefined, ECCOS_URL: undefined, ECCOS_TOKEN: undefined };
    this.child = spawn(process.execPath, [...node, MAIN, ...args], {
      cwd,
      env: { ...process.env, ...clean, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#ended = once(this.child, 'close');
    this.child.stdout?.on('data', (data) => this.#take('stdout', data));
    this.child.stderr?.on('data', (data) => this.#take('stderr', data));
  }

  async ended(): Promise<Ended> {
    await this.#ended;
    return { code: this.child.exitCode, stdout: this.stdout, stderr: this.stderr };
  }

  /** Waits until something was written. @returns its first group, else all of it */
  async wrote(to: 'stdout' | 'stderr', pattern: RegExp): Promise<string> {
    for (;;) {
      const match = pattern.exec(this[to]);
      if (match !== null) return match[1] ?? match[0];
      const more = new Promise<void>((resolve) => this.#waiting.add(resolve));
      const isOpen = await Promise.race([more.then(() => true), this.#ended.then(() => false)]);
      if (!isOpen) throw new Error(`Ended without ${pattern}: ${this.stdout}${this.stderr}`);
    }
  }

  /** Types on its keyboard, where it has one. */
  type(keys: string): void {
    this.child.stdin?.write(keys);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  #take(to: 'stdout' | 'stderr', data: unknown): void {
    this[to] += String(data);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

/** Runs a command to its end. */
export function eccos(args: readonly string[], env: Env = {}): Promise<Ended> {
  return new Shell(args, env).ended();
}

/** A kernel that `eccos boot` runs on a free port, and its address. */
export async function bootShell(args: readonly string[] = [], env: Env = {}, node: readonly string[] = []) {
  const shell = new Shell(['boot', '--port', '0', ...args], env, node);
  return { shell, url: await shell.wrote('stdout', /(wss?:\/\/[^\s,]+)/) };
}
