import { z } from 'zod';

const syscallId = z.string().min(1).max(64);

/** Ends one own syscall. Cancelling a final one changes nothing and says so. */
export const cancelParams = z.strictObject({ syscallId });
export const cancelReply = z.strictObject({ cancelled: z.boolean() });

/** Ends a process and its whole subtree: their open syscalls are cancelled, their connections closed. */
export const killParams = z.strictObject({ pid: z.int().min(1) });
export const killReply = z.strictObject({ killed: z.array(z.int()) });

/** How good the answer of a finished syscall was, as rated by the agent or for it; a second rating is `invalid-params`. */
export const feedbackParams = z.strictObject({
  syscallId,
  /** 0 is wrong, 1 is right. */
  quality: z.number().min(0).max(1),
});
export const feedbackReply = z.strictObject({ accepted: z.literal(true) });
