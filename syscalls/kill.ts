import { z } from 'zod';

/** Ends a process and its whole subtree: their open syscalls are cancelled, their connections closed. */
export const killParams = z.strictObject({ pid: z.int().min(1) });
export const killReply = z.strictObject({ killed: z.array(z.int()) });
