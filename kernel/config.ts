import { readFile } from 'node:fs/promises';
import { parse, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { createPolicy } from '../schedulers/registry.js';
import { SyscallError } from '../syscalls/errors.js';
import { describeIssues } from '../syscalls/protocol.js';
import { type Method, SYSCALLS } from '../syscalls/table.js';
import { limitsConfig } from './config-limits.js';
import { coreConfig } from './cores/registry.js';

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
    .array(z.string())
    .default([])
    .describe('Origins of web pages that may connect, such as https://app.example'),
  allowedHosts: z.array(z.string()).default([]).describe('Names in the Host header beside the address and localhost'),
});

const methods = Object.keys(SYSCALLS) as [Method, ...Method[]];

const token = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w.-]{1,64}$/)
      .describe('Who it is; processes of one name belong together'),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional()
      .describe('SHA-256 of the token, in hex'),
    env: z.string().min(1).optional().describe('Environment variable that holds the token'),
    tenant: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('Whose calls these are; without it an agent may say, else the name'),
    operator: z.boolean().default(false).describe('Sees and ends the processes of others'),
    models: z.array(z.string()).min(1).optional().describe('Cores it may use; all without it'),
    methods: z.array(z.enum(methods)).min(1).optional().describe('Syscalls it may make; all without it'),
    maxPriority: z.int().min(0).max(9).default(9).describe('Highest priority its calls get'),
    maxPending: z.int().min(1).optional().describe('Most open calls of all its processes'),
    budgetUsd: z.number().min(0).optional().describe('Dollars its calls may cost since boot'),
  })
  .refine(
    ({ sha256, env }) => (sha256 === undefined) !== (env === undefined),
    'Expected exactly one of sha256 and env',
  );

const unique = (names: readonly string[]) => new Set(names).size === names.length;

function policyFault(spec: string): string | undefined {
  try {
    createPolicy(spec);
    return undefined;
  } catch (error) {
    return SyscallError.from(error).message;
  }
}

/** The whole of `eccos.yaml`. Every member but `cores` has a default. */
const kernelConfig = z.strictObject({
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
  cores: z
    .array(coreConfig)
    .min(1)
    .refine((cores) => unique(cores.map(({ id }) => id)), 'Expected every id once')
    .describe('The language models, in the order that fifo tries them'),
  log: z.strictObject({ level: z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('info') }).prefault({}),
});

export type KernelConfig = z.infer<typeof kernelConfig>;

/**
 * A checked config with all defaults filled in.
 *
 * @param source what the values came from, for the message
 * @throws SyscallError `invalid-config` that lists every fault: field, rule, value
 */
export function checkConfig(input: unknown, source: string): KernelConfig {
  const parsed = kernelConfig.safeParse(input);
  if (parsed.success) return parsed.data;
  const faults = describeIssues(parsed.error, input, '').map((fault) => `${source}: ${fault}`);
  throw new SyscallError('invalid-config', faults.join('\n'));
}

/** @throws SyscallError `invalid-config` for a file that cannot be read, is no YAML, or holds a wrong value */
export async function loadConfig(file: string): Promise<KernelConfig> {
  return checkConfig(await readYaml(file), file);
}

/** The schema of `eccos.yaml` for editors, in JSON Schema 2020-12. */
export function configJsonSchema(): object {
  return z.toJSONSchema(kernelConfig, { io: 'input' });
}

async function readYaml(file: string): Promise<unknown> {
  try {
    return parse(await readFile(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof YAMLParseError ? error.message.split('\n')[0] : (error as Error).message;
    throw new SyscallError('invalid-config', `${file}: ${reason}`, { cause: error });
  }
}
