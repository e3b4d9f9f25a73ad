import { z } from 'zod';

/** Ends one own syscall. Cancelling a final one changes nothing and says so. */
export const cancelParams = z.strictObject({ syscallId: z.string().min(1).max(64) });
export const cancelReply = z.strictObject({ cancelled: z.boolean() });
