import { z } from 'zod';
import { createPolicy } from '../../schedulers/registry.js';
import { SyscallError } from '../../syscalls/errors.js';
import { describeIssues } from '../../syscalls/protocol.js';
import { type Method, SYSCALLS } from '../../syscalls/table.js';
import { CORE_KINDS, type CoreConfig, type CoreKind } from '../cores/kinds/registry.js';
import { clusterConfig } from './cluster-config.js';
import { asWritten, type ConfigFile, isAsWritten, readConfigFile } from './config-file.js';
import { ENV_NAME } from './env-name.js';
import type { Env } from './interpolate.js';
import { limitsConfig } from './limits.js';
import { renameOldWords } from './old-words.js';

const tls = z.strictObject({
  certFile: z.string().min(1).describe('PEM file with the certificate chain'),
  keyFile: z.string().min(1).describe('PEM file with the private key'),
});

const listen = z.strictObject({
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Any address but loopback needs a token and TLS, or insecureLan'),
  port: z.int().min(0).max(65_535).default(8787).describe('0 takes a free one'),
  tls: tls.optional(),
  insecureLan: z.boolean().default(false).describe('Listen beyond loopback without token and TLS'),
  allowedOrigins: z
    .array(z.string().refine(isOrigin, 'Expected scheme://host or scheme://host:port and nothing else'))
    .default([])
    .describe('Origins of web pages that may connect, such as https://app.example'),
  allowedHosts: z
    .array(z.string().regex(/^[\w.-]+$/, 'Expected a name without port'))
    .default([])
    .describe('Names in the Host header beside the address and localhost'),
});

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}

const SHA256 = /^[0-9a-f]{64}$/;
const methods = Object.keys(SYSCALLS) as [Method, ...Method[]];

const token = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w.-]{1,64}$/)
      .describe('Who it is; processes of one name belong together'),
    sha256: z.string().optional().meta({ description: 'SHA-256 of the token, in hex', pattern: SHA256.source }),
    env: z
      .string()
      .optional()
      .meta({ description: 'Environment variable that holds the token', pattern: ENV_NAME.source }),
    tenant: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('Whose calls these are. Without it the name; an agent may then name tenants below it, NAME/TENANT'),
    operator: z.boolean().default(false).describe('Sees and ends the processes of others'),
    verifier: z
      .boolean()
      .default(false)
      .describe('Rates the answers of its whole tenant, and its ratings count for more than those of agents'),
    cores: z.array(z.string()).min(1).optional().describe('Cores it may use; all without it'),
    methods: z.array(z.enum(methods)).min(1).optional().describe('Syscalls it may make; all without it'),
    maxPriority: z.int().min(0).max(9).default(9).describe('Highest priority its calls get'),
    maxPending: z.int().min(1).optional().describe('Most open calls of all its processes'),
    budgetUsd: z
      .number()
      .min(0)
      .optional()
      .describe('Dollars its calls may cost in all: since boot, with a journal over all boots'),
    budgetPerDayUsd: z.number().min(0).optional().describe('Dollars its calls may cost each day (UTC)'),
    budgetPerMonthUsd: z.number().min(0).optional().describe('Dollars its calls may cost each month (UTC)'),
  })
  .superRefine(({ sha256, env }, context) => {
    // No path to the field: a message that quoted it could quote a token put there by mistake.
    const fault = (message: string) => context.addIssue({ code: 'custom', path: [], message });
    if ((sha256 === undefined) === (env === undefined)) fault('Expected exactly one of sha256 and env');
    if (sha256 !== undefined && !SHA256.test(sha256)) fault('Expected `sha256` to be 64 small hex digits');
    if (env !== undefined && !ENV_NAME.test(env)) {
      fault('Expected `env` to be the name of an environment variable: capitals, digits and _');
    }
  });

const journalConfig = z
  .strictObject({
    path: z.string().min(1).describe('SQLite file; it is made where there is none'),
    level: z
      .enum(['process', 'power'])
      .default('power')
      .describe('What an accepted call survives: the death of the kernel, or that of the machine too'),
    keepMs: z.number().min(0).default(86_400_000).describe('How long ended calls are kept'),
    maxBytes: z
      .int()
      .min(2 ** 20)
      .default(2 ** 30)
      .describe('Size of the file above which the oldest ended calls go'),
    prompts: z
      .enum(['keep', 'drop'])
      .default('keep')
      .describe('`drop`: the prompt of a call that has ended is not kept'),
  })
  .describe('What survives the kernel; without it nothing does');

const unique = (names: readonly string[]) => new Set(names).size === names.length;

function policyFault(spec: string): string | undefined {
  try {
    createPolicy(spec);
    return undefined;
  } catch (error) {
    return SyscallError.from(error).message;
  }
}

/** The members of `eccos.yaml` beside the cores. Every one has a default. */
const common = {
  policy: z
    .string()
    .superRefine((spec, context) => {
      const fault = policyFault(spec);
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
    })
    .default('fifo')
    .describe('name, or name:key=value,key=value'),
  seed: z.int().min(0).default(1).describe('Seed of everything that simulated cores draw'),
  listen: listen.prefault({}),
  auth: z
    .strictObject({
      tokens: z
        .array(token)
        .refine((tokens) => unique(tokens.map(({ name }) => name)), 'Expected every name once')
        .default([])
        .describe('Without one, everybody who reaches the port is the operator'),
    })
    .prefault({}),
  limits: limitsConfig.prefault({}),
  journal: journalConfig.optional(),
  cluster: clusterConfig.optional(),
  telemetry: z
    .strictObject({
      metrics: z
        .enum(['operator', 'open', 'off'])
        .default('operator')
        .describe(
          'Who may read GET /metrics: operators (without tokens everybody is one), all who reach the port, nobody',
        ),
      agents: z.boolean().default(false).describe('Traces have a span for each agent, and its calls are below it'),
      content: z
        .boolean()
        .default(false)
        .describe('Spans hold what was asked and answered; without it nothing that was said leaves the kernel'),
      propagate: z
        .boolean()
        .default(false)
        .describe('Requests to providers carry a `traceparent`: that of their span, else the one of the caller'),
    })
    .prefault({}),
  log: z.strictObject({ level: z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('info') }).prefault({}),
} as const;

/** The whole of `eccos.yaml`. */
export type KernelConfig = z.infer<z.ZodObject<typeof common>> & { readonly cores: CoreConfig[] };

/** The schema of a config whose cores may be of these kinds. */
function schemaOf(kinds: readonly CoreKind[]) {
  const byName = new Map(kinds.map((kind) => [kind.kind, kind.config]));
  const cores = z
    .array(z.discriminatedUnion('kind', [...byName.values()] as unknown as readonly [z.ZodObject, ...z.ZodObject[]]))
    .min(1)
    .superRefine((cores, context) => {
      const ids = cores.map((core) => String(core['id']));
      const repeated = ids.findIndex((id, at) => ids.indexOf(id) < at);
      if (repeated >= 0)
        context.addIssue({ code: 'custom', path: [repeated, 'id'], message: 'Expected every id once' });
    })
    .describe('The language models, in the order that fifo tries them');
  return z
    .strictObject({ ...common, cores })
    .refine(({ journal, cluster }) => journal === undefined || cluster === undefined, {
      path: ['cluster'],
      message: 'Expected no journal beside it: a cluster keeps it in Redis',
    });
}

/** Members at the top of a file that hold parts for others to refer to, as in Compose files. */
const EXTENSION = /^x-/;

const BUILT_IN = schemaOf(CORE_KINDS);

export interface CheckOptions {
  /** Kinds of cores beside those of the kernel. */
  readonly coreKinds?: readonly CoreKind[];
  /** Receives a line for each word of an earlier version. @default it is written to stderr */
  readonly warn?: (line: string) => void;
  /** Variables that the values of a file may name. @default the environment of this process */
  readonly env?: Env;
}

/**
 * A checked config with all defaults filled in.
 *
 * @param source where the values came from, for the message
 * @throws SyscallError `invalid-config` that lists every fault: field, rule, value
 */
export function checkConfig(input: unknown, source: string, options: CheckOptions = {}): KernelConfig {
  const { warn = warnOnStderr } = options;
  const values = renameOldWords(input, (line) => warn(`${source}: ${line}`));
  return check({ values, written: values }, source, options);
}

/**
 * Reads and checks a config file. Its values may name environment variables; see `interpolate`.
 *
 * @throws SyscallError `invalid-config` for a file that cannot be read, is not valid YAML, or holds a wrong value
 */
export async function loadConfig(file: string, options: CheckOptions = {}): Promise<KernelConfig> {
  return check(await read(file, options), file, options);
}

/** The config of a file with all defaults, to be printed: what comes from the environment stays as it is written. @throws as `loadConfig` */
export async function showConfig(file: string, options: CheckOptions = {}): Promise<object> {
  const content = await read(file, options);
  return asWritten(check(content, file, options), content) as object;
}

/** The schema of `eccos.yaml` for editors, in JSON Schema 2020-12. */
export function configJsonSchema(): object {
  return { ...z.toJSONSchema(BUILT_IN, { io: 'input' }), patternProperties: { [EXTENSION.source]: {} } };
}

async function read(file: string, { env = process.env, warn = warnOnStderr }: CheckOptions): Promise<ConfigFile> {
  const { values, written } = await readConfigFile(file, env);
  return {
    values: renameOldWords(withoutExtensions(values), (line) => warn(`${file}: ${line}`)),
    written: renameOldWords(withoutExtensions(written), () => {}),
  };
}

/** Leaves out what is there for its anchors only. */
function withoutExtensions(config: unknown): unknown {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) return config;
  return Object.fromEntries(Object.entries(config).filter(([key]) => !EXTENSION.test(key)));
}

function check({ values, written }: ConfigFile, source: string, { coreKinds = [] }: CheckOptions): KernelConfig {
  const schema = coreKinds.length === 0 ? BUILT_IN : schemaOf([...CORE_KINDS, ...coreKinds]);
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data as unknown as KernelConfig;
  // A rule of ours may quote the value, which may come from the environment.
  const issues = parsed.error.issues.map((issue) =>
    isAsWritten({ values, written }, issue.path)
      ? issue
      : { ...issue, message: issue.message.replace(/, got .*/s, '') },
  );
  const faults = describeIssues(new z.ZodError(issues), written, '').map((fault) => `${source}: ${fault}`);
  throw new SyscallError('invalid-config', faults.join('\n'));
}

function warnOnStderr(line: string): void {
  process.stderr.write(`eccos: ${line}\n`);
}
