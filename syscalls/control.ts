import { z } from 'zod';

const syscallId = z.string().min(1).max(64).describe('Id of a syscall, as `syscall.accepted` and the reply say it');

/** Ends one own syscall. Cancelling a final one changes nothing and says so. */
export const cancelParams = z.strictObject({ syscallId });
export const cancelReply = z.strictObject({ cancelled: z.boolean().describe('False: it had ended before') });

/** Ends a process and its whole subtree: their open syscalls are cancelled, their connections closed. */
export const killParams = z.strictObject({ pid: z.int().min(1).describe('The process at the top') });
export const killReply = z.strictObject({ killed: z.array(z.int()).describe('Pids of all that were ended') });

/** Who can have rated an answer: the agent that asked, something that checks answers, or the operator of the kernel. */
export const RATERS = ['agent', 'verifier', 'operator'] as const;
export type Rater = (typeof RATERS)[number];

/** How good the answer of a finished syscall was, as rated by the agent or for it. A later rating must be by a rater whose word counts for more. */
export const feedbackParams = z.strictObject({
  syscallId,
  quality: z.number().min(0).max(1).describe('0 is wrong, 1 is right'),
  by: z
    .enum(RATERS)
    .optional()
    .describe(
      'Who rates: `verifier` and `operator` need a token that is one; agent by default, for calls of others what the token is',
    ),
});
export const feedbackReply = z.strictObject({ accepted: z.literal(true).describe('The rating was taken') });
