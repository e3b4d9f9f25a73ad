import { z } from 'zod';

/** How good the answer of a finished syscall was, as judged by the agent or for it; a second judgement is `invalid-params`. */
export const feedbackParams = z.strictObject({
  syscallId: z.string().min(1).max(64),
  /** 0 is wrong, 1 is right. */
  quality: z.number().min(0).max(1),
});
export const feedbackReply = z.strictObject({ accepted: z.literal(true) });
