import type { KernelConfig } from '../../kernel/boot.js';
import { realClock, stopwatch } from '../../kernel/clock.js';
import type { CoreRequest, LLMCore } from '../../kernel/cores/core.js';
import { createCores } from '../../kernel/cores/kinds/registry.js';
import { SyscallError } from '../../syscalls/errors.js';

/** How long a provider may take. */
const PROBE_MS = 20_000;

/** One token of one model. */
const REQUEST: CoreRequest = {
  params: { messages: [{ role: 'user', content: 'ping' }], maxTokens: 1 },
  inputTokens: 8,
  prefix: '',
  prefixTokens: 0,
  maxTokens: 1,
};

type CoreConfig = KernelConfig['cores'][number];

/** What came of asking one core. */
export interface Probed {
  readonly id: string;
  readonly isWell: boolean;
  /** What an operator reads: how long it took, or what is wrong and what to do. */
  readonly line: string;
}

/** Asks the provider of each core for one token, all at once, on the path that calls take. Keys are in no line. */
export function probeCores({ cores, seed }: KernelConfig): Promise<readonly Probed[]> {
  const providers = cores.filter(({ kind }) => kind === 'provider');
  return Promise.all(
    providers.map(async (config) => {
      const { id } = config;
      try {
        return { id, isWell: true, line: `ok, ${Math.round(await probe(config, seed))} ms` };
      } catch (thrown) {
        const { code, message, details } = SyscallError.from(thrown);
        const faultClass = details.class ?? (code === 'invalid-config' ? 'config' : 'provider');
        const text = message.startsWith(`${id}: `) ? message.slice(id.length + 2) : message;
        return { id, isWell: false, line: `${faultClass}: ${text}; ${adviceOn(text)}` };
      }
    }),
  );
}

/** @returns milliseconds until the answer was whole @throws SyscallError */
async function probe(config: CoreConfig, seed: number): Promise<number> {
  const controller = new AbortController();
  const tooLate = new SyscallError('core-failed', `The provider was silent for ${PROBE_MS} ms`);
  const cancel = realClock.after(PROBE_MS, () => controller.abort(tooLate));
  let core: LLMCore | undefined;
  try {
    [core] = await createCores([config], { clock: realClock, seed, env: process.env });
    const start = stopwatch();
    await core?.chat(REQUEST, { signal: controller.signal, onChunk: () => {} });
    return stopwatch() - start;
  } finally {
    cancel();
    await core?.close?.();
  }
}

/** What to do about a fault, by what its message says: the first that fits. */
const ADVICE: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [/^Expected the environment variable/, 'set it'],
  [/^Expected `ca`/, 'mend it'],
  [/^The proxy /, 'check `proxy`, or HTTPS_PROXY and NO_PROXY'],
  [/^The provider answered HTTP 40[13]/, 'check the key in `apiKeyEnv`, and what it may use'],
  [/^The provider answered HTTP 404/, 'check `model` and `baseUrl`'],
  [/^The provider redirects/, 'check `baseUrl`'],
  [/^The provider answered HTTP (402|429|529)/, 'a limit is reached, or the account is empty: wait, or raise it'],
  [/^The provider answered HTTP 4\d\d/, 'check `provider`, `model` and `baseUrl`'],
  [/^The provider answered HTTP 5\d\d/, 'try again later'],
  [/: \w*(CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO)/, 'check `baseUrl`, or name its certificate in `ca`'],
  [/: (ENOTFOUND|EAI_AGAIN)$/, 'check the host of `baseUrl`, and whether a proxy is needed'],
  [/: (ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)$/, 'check `baseUrl`, and whether it runs'],
  [/^The provider was silent/, 'check `baseUrl`, or give it more time with `firstTokenTimeoutMs`'],
];

function adviceOn(message: string): string {
  return ADVICE.find(([pattern]) => pattern.test(message))?.[1] ?? 'check `provider` and `baseUrl`';
}
