import { readFile } from 'node:fs/promises';
import { parse, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { createPolicy } from '../../schedulers/registry.js';
import { SyscallError } from '../../syscalls/errors.js';
import { describeIssues } from '../../syscalls/protocol.js';
import { type Method, SYSCALLS } from '../../syscalls/table.js';
import { coreConfig } from '../cores/registry.js';
import { limitsConfig } from './limits.js';

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
const ENV_NAME = /^[A-Z_][A-Z0-9_]{0,127}$/;
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
      .describe('Whose calls these are; without it an agent may say, else the name'),
    operator: z.boolean().default(false).describe('Sees and ends the processes of others'),
    models: z.array(z.string()).min(1).optional().describe('Cores it may use; all without it'),
    methods: z.array(z.enum(methods)).min(1).optional().describe('Syscalls it may make; all without it'),
    maxPriority: z.int().min(0).max(9).default(9).describe('Highest priority its calls get'),
    maxPending: z.int().min(1).optional().describe('Most open calls of all its processes'),
    budgetUsd: z.number().min(0).optional().describe('Dollars its calls may cost since boot'),
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
