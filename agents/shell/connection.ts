import { type Command, Option } from 'commander';
import { SyscallError } from '../../syscalls/errors.js';
import { type Client, connect } from '../sdk/client.js';

/** Where a command finds its kernel. */
export interface KernelFlags {
  readonly url: string;
  readonly tokenEnv?: string;
}

const DEFAULT_URL = 'ws://127.0.0.1:8787';
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;
const DEFAULT_TOKEN_ENV = 'ECCOS_TOKEN';

/** Gives a command the options of `KernelFlags`. */
export function talksToKernel(command: Command): Command {
  return command
    .addOption(new Option('--url <url>', 'where the kernel listens').env('ECCOS_URL').default(DEFAULT_URL))
    .option('--token-env <variable>', `environment variable that holds the token (default: ${DEFAULT_TOKEN_ENV})`);
}

/**
 * Does something as a connected process that is closed afterwards, however it went.
 *
 * @param name under which `eccos ps` lists the process
 * @throws SyscallError
 */
export async function withClient<T>(flags: KernelFlags, name: string, use: (client: Client) => Promise<T>): Promise<T> {
  const token = tokenOf(flags);
  const client = await connect({ url: flags.url, name, token, reconnect: false }).catch((error) => {
    throw withHint(error, flags.url);
  });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

/** Says where no kernel answers how to start one there, or that it may be elsewhere. */
function withHint(thrown: unknown, url: string): SyscallError {
  const error = SyscallError.from(thrown);
  if (error.code !== 'disconnected') return error;
  const { protocol, hostname, port } = new URL(url);
  const start = url === DEFAULT_URL ? 'eccos boot' : `eccos boot --port ${port || (protocol === 'wss:' ? 443 : 80)}`;
  const hint = LOOPBACK.test(hostname)
    ? `no kernel answers there; start one with: ${start}`
    : 'no kernel answers there; start one on that machine with eccos boot, or name another with --url or ECCOS_URL';
  return new SyscallError('disconnected', `${error.message}; ${hint}`, { cause: error });
}

/** The token, never from a flag: other users of the machine can read the command line. */
function tokenOf({ tokenEnv }: KernelFlags): string | undefined {
  const token = process.env[tokenEnv ?? DEFAULT_TOKEN_ENV];
  if (token !== undefined && token !== '') return token;
  if (tokenEnv === undefined) return undefined;
  throw new SyscallError(
    'invalid-config',
    `--token-env: Expected an environment variable that is set, got "${tokenEnv}"`,
  );
}
