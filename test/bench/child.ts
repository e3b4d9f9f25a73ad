import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Served {
  readonly url: string;
  readonly child: ChildProcess;
}

/** Starts `serve.ts` in a process of its own, on the given CPU if there is one, and waits for the address that it prints. */
export async function serve(
  what: 'kernel' | 'echo',
  cpu: number | undefined,
  level?: 'process' | 'power',
): Promise<Served> {
  const file = fileURLToPath(new URL('./serve.ts', import.meta.url));
  const node = [
    process.execPath,
    '--expose-gc',
    '--import',
    'tsx',
    file,
    what,
    ...(level === undefined ? [] : [level]),
  ];
  const [command = '', ...args] = cpu === undefined ? node : ['taskset', '-c', String(cpu), ...node];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    return { url: line, child };
  }
  throw new Error(`The ${what} server ended before it printed its address`);
}

/** Microseconds of CPU that all threads of the server have used. */
export function cpuOf({ child }: Served): Promise<number> {
  return new Promise((resolve) => {
    child.once('message', (message) => resolve(message as number));
    child.send('cpu');
  });
}

/** Resident memory of the server in bytes, after a collection. */
export function memoryOf({ child }: Served): Promise<number> {
  return new Promise((resolve) => {
    child.once('message', (message) => resolve(message as number));
    child.send('memory');
  });
}
