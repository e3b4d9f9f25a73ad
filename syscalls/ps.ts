import { z } from 'zod';

/** Processes and their open syscalls: those of the caller's token, or everyone's with the operator's token. */
export const psParams = z.strictObject({
  after: z.int().min(0).optional().describe('Lists the processes with greater pids only: `next` of the page before'),
  explain: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe('Id of a syscall, open or answered lately, whose placement is to be explained'),
});

/** Most processes that one `kernel.ps` lists. */
export const PS_PROCESS_LIMIT = 500;

/** Most syscalls that one `kernel.ps` lists. */
export const PS_SYSCALL_LIMIT = 1000;

export const processView = z.strictObject({
  pid: z.int().describe('Identity of the process'),
  parent: z.int().optional().describe('Pid of the process that started it'),
  name: z.string().describe('As the agent said it'),
  tenant: z.string().describe('Whose calls its calls are'),
  connectedAt: z.number().describe("Milliseconds on the kernel's clock"),
  pending: z.int().describe('Its open syscalls that wait'),
  running: z.int().describe('Its syscalls that a core answers now'),
  finished: z.int().describe('Its syscalls that have ended'),
  costUsd: z.number().describe('US dollars that its calls have cost'),
});

const syscallView = z.strictObject({
  syscallId: z.string().describe('Identity of the syscall'),
  pid: z.int().describe('The process that made it'),
  status: z.enum(['waiting', 'scheduled', 'running', 'suspended']).describe('All but `running` are pending'),
  core: z.string().optional().describe('Core that it is on, or is to be on'),
  reason: z.string().optional().describe("The policy's one line on why this core"),
  ageMs: z.number().describe('Milliseconds since it was accepted'),
  outputTokens: z.number().describe('Of its answer so far'),
  orphanMs: z
    .number()
    .optional()
    .describe('Nobody follows it: milliseconds until it ends, unless its agent asks for it again'),
});

export const psReply = z.strictObject({
  processes: z.array(processView).describe(`Processes that the caller may see, by pid, at most ${PS_PROCESS_LIMIT}`),
  syscalls: z
    .array(syscallView)
    .describe(
      `Their open syscalls, on the first page those of processes that are gone too, oldest first, at most ${PS_SYSCALL_LIMIT}`,
    ),
  next: z.int().optional().describe('There are more processes: ask with this as `after`'),
  explanation: z
    .array(z.string())
    .optional()
    .describe('Why the syscall that was asked for is where it is, or waits; empty when the policy gives no reasons'),
});

export type PsParams = z.infer<typeof psParams>;
export type PsReply = z.infer<typeof psReply>;
