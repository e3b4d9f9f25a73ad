import { z } from 'zod';

/** Processes and their open syscalls: those of the caller's token, or everyone's with the operator's token. */
export const psParams = z.strictObject({
  /** A syscall, open or answered lately, whose placement is to be explained. */
  explain: z.string().min(1).max(128).optional(),
});

export const psReply = z.strictObject({
  processes: z.array(
    z.strictObject({
      pid: z.int(),
      parent: z.int().optional(),
      name: z.string(),
      tenant: z.string(),
      connectedAt: z.number(),
      pending: z.int(),
      running: z.int(),
      finished: z.int(),
      costUsd: z.number(),
    }),
  ),
  /** At most `limit` of the open syscalls, oldest first. */
  syscalls: z.array(
    z.strictObject({
      syscallId: z.string(),
      pid: z.int(),
      status: z.enum(['waiting', 'scheduled', 'running', 'suspended']),
      core: z.string().optional(),
      reason: z.string().optional(),
      ageMs: z.number(),
      outputTokens: z.number(),
    }),
  ),
  /** Why the syscall that was asked for is where it is, or waits; empty when the policy gives no reasons. */
  explanation: z.array(z.string()).optional(),
});

/** Most syscalls that one `kernel.ps` lists. */
export const PS_SYSCALL_LIMIT = 1000;

export type PsParams = z.infer<typeof psParams>;
export type PsReply = z.infer<typeof psReply>;
