import { z } from 'zod';
import { ENV_NAME } from './env-name.js';

export const clusterConfig = z
  .strictObject({
    redis: z
      .string()
      .refine(isRedisUrl, 'Expected redis:// or rediss:// and a host, without a password')
      .describe('Redis 7 or later, or Valkey, with appendonly yes and maxmemory-policy noeviction'),
    passwordEnv: z
      .string()
      .regex(ENV_NAME, 'Expected the name of an environment variable: capitals, digits and _')
      .optional()
      .describe('Environment variable with the password of Redis'),
    prefix: z
      .string()
      .regex(/^[\w.-]{1,64}$/, 'Expected 1 to 64 letters, digits or _.-')
      .default('eccos')
      .describe('Begins all keys; kernels with the same one are nodes of one cluster'),
    leaseMs: z
      .int()
      .min(500)
      .max(3_600_000)
      .default(10_000)
      .describe('How long a node that does not answer keeps the seat'),
    roles: z
      .array(z.enum(['door', 'worker', 'seat']))
      .min(1)
      .default(['door', 'worker', 'seat'])
      .describe('What this node does: lets agents in, asks cores, may hold the seat that schedules for all'),
    spread: z
      .boolean()
      .default(true)
      .describe('`false`: the node that holds the seat does everything, and the others only stand by'),
    lockMs: z
      .int()
      .min(500)
      .max(3_600_000)
      .default(30_000)
      .describe('How long a request stays with a worker that does not answer'),
    slotQuarantineMs: z
      .int()
      .min(0)
      .max(86_400_000)
      .default(0)
      .describe(
        'How long the slot of such a request stays taken after that: its worker may be frozen, and the request open',
      ),
    durability: z
      .enum(['process', 'power'])
      .default('process')
      .describe('`power`: Redis must run with appendfsync always, so that an accepted call survives its machine'),
    keepMs: z.int().min(1000).default(86_400_000).describe('How long ended calls are kept'),
    prompts: z
      .enum(['keep', 'drop'])
      .default('keep')
      .describe('`drop`: the prompt of a call that has ended is not kept'),
  })
  .describe(
    'Several nodes on one Redis, which keeps the journal: each lets agents in and asks cores, and one schedules for all',
  );

function isRedisUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return /^rediss?:$/.test(url?.protocol ?? '') && url?.hostname !== '' && url?.password === '';
}
