import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Served {
  readonly url: string;
  readonly child: ChildProcess;
}

/** Starts `serve.ts` in a process of its own, on the given CPU if there is one, and waits for the address that it prints. */
export async function serve(
  what: 'kernel' | 'config' | 'echo' | 'upstream' | 'proxy',
  cpu: number | undefined,
  ...more: readonly string[]
): Promise<Served> {
  const file = fileURLToPath(new URL('./serve.js', import.meta.url));
  const node = [process.execPath, '--expose-gc', file, what, ...more];
  const [command = '', ...args] = cpu === undefined ? node : ['taskset', '-c', String(cpu), ...node];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    return { url: line, child };
  }
  throw new Error(`The ${what} server ended before it printed its address`);
}

/** Resident memory of the server in bytes, after a collection. */
export function memoryOf(served: Served): Promise<number> {
  return ask(served, 'memory');
}

/** The same without a collection, which would hold up a server at work. */
export function residentOf(served: Served): Promise<number> {
  return ask(served, 'resident');
}

/** CPU time that the server has used, in microseconds. */
export function cpuOf(served: Served): Promise<number> {
  return ask(served, 'cpu');
}

/** CPU time that the main thread of the server has used, in microseconds. Linux only. */
export function mainCpuOf(served: Served): Promise<number> {
  return ask(served, 'main-cpu');
}

/** 99 % quantile of the delays of the server's event loop since the last question for them, in milliseconds. */
export function delayOf(served: Served): Promise<number> {
  return ask(served, 'delay');
}

/** Longest time for which the server's event loop was held up since the last question, in milliseconds. */
export function stallOf(served: Served): Promise<number> {
  return ask(served, 'stall');
}

type Question = 'memory' | 'resident' | 'cpu' | 'main-cpu' | 'delay' | 'stall';

function ask({ child }: Served, what: Question): Promise<number> {
  return new Promise((resolve) => {
    child.once('message', (message) => resolve(message as number));
    child.send(what);
  });
}
