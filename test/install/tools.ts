import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

export interface Ran {
  readonly code: number;
  /** What it wrote to stdout and stderr. */
  readonly output: string;
}

/** Runs a command to its end. `node`: the binary that it, and all that it starts, runs on. */
export function run(
  command: readonly string[],
  { cwd = ROOT, node = process.execPath }: { readonly cwd?: string; readonly node?: string } = {},
): Promise<Ran> {
  const [file = '', ...args] = command;
  // What npm sets for its scripts would become the defaults of what is started here.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^ONNXRUNTIME_/i.test(name)));
  env['PATH'] = `${dirname(node)}${delimiter}${env['PATH']}`;
  return new Promise((done) => {
    const options = { cwd, env, timeout: 600_000, maxBuffer: 2 ** 26, encoding: 'utf8' } as const;
    execFile(file, args, options, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code) || 1, output: `${stdout}${stderr}` });
    });
  });
}

/** As `run`. @throws Error with the end of the output where the command fails */
export async function must(command: readonly string[], options?: Parameters<typeof run>[1]): Promise<string> {
  const { code, output } = await run(command, options);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${output.slice(-3000)}`);
  return output;
}

/** An empty folder of its own. */
export function emptyFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'eccos-install-'));
}

/** Packs this folder. @returns path of the tarball */
export async function pack(): Promise<string> {
  const folder = await emptyFolder();
  const output = await must(['npm', 'pack', '--silent', '--pack-destination', folder]);
  return join(folder, output.trim().split('\n').at(-1) ?? '');
}

/** The binary of a Node version, from the registry where it is not this one. */
export async function nodeBinary(version: string): Promise<string> {
  if (process.versions.node.startsWith(`${version}.`)) return process.execPath;
  const output = await must(['npx', '-y', '-p', `node@${version}`, '-c', 'node -p process.execPath']);
  return output.trim().split('\n').at(-1) ?? '';
}
