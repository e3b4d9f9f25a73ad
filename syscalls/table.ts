import { z } from 'zod';
import { cancelParams, cancelReply, feedbackParams, feedbackReply, killParams, killReply } from './control.js';
import { coresParams, coresReply } from './cores.js';
import { helloParams, helloReply } from './hello.js';
import { chatChunk, chatParams, chatReply } from './llm-chat.js';
import { requestId } from './protocol.js';
import { psParams, psReply } from './ps.js';
import { statsParams, statsReply } from './stats.js';
import { kernelView, watchParams, watchReply } from './watch.js';

interface SyscallRow {
  readonly about: string;
  readonly params: z.ZodType;
  readonly result: z.ZodType;
}

/** Every syscall of the kernel: one row a method. */
export const SYSCALLS = {
  'agent.hello': {
    about: 'Make this connection a process. Must be the first request.',
    params: helloParams,
    result: helloReply,
  },
  'agent.kill': { about: 'End a process and its subtree.', params: killParams, result: killReply },
  'llm.chat': { about: 'Have a language model answer a list of messages.', params: chatParams, result: chatReply },
  'syscall.cancel': { about: 'End an open syscall of this process.', params: cancelParams, result: cancelReply },
  'syscall.feedback': { about: 'Say how good an answer was, once.', params: feedbackParams, result: feedbackReply },
  'kernel.cores': { about: 'List the LLM cores.', params: coresParams, result: coresReply },
  'kernel.ps': { about: 'List processes and open syscalls.', params: psParams, result: psReply },
  'kernel.stats': { about: 'Counts and distributions since boot.', params: statsParams, result: statsReply },
  'kernel.watch': { about: 'Have views of the kernel sent, one a period.', params: watchParams, result: watchReply },
} as const satisfies Record<string, SyscallRow>;

/** Every message that the kernel sends unasked: one row a method. */
export const NOTIFICATIONS = {
  'syscall.accepted': {
    about: 'An llm.chat request was accepted. `request` is the id of that JSON-RPC request.',
    params: z.strictObject({
      request: requestId,
      syscallId: z.string().describe('Identity of the call in the kernel'),
    }),
  },
  'kernel.view': { about: 'What the kernel does now, for a process that watches.', params: kernelView },
  'llm.chunk': {
    about: 'The next piece of a streamed answer.',
    params: chatChunk.extend({
      request: requestId.describe('Id of the `llm.chat`: several may follow one call'),
    }),
  },
} as const satisfies Record<string, Omit<SyscallRow, 'result'>>;

export type Method = keyof typeof SYSCALLS;
export type Params<M extends Method> = z.infer<(typeof SYSCALLS)[M]['params']>;
export type Result<M extends Method> = z.infer<(typeof SYSCALLS)[M]['result']>;
export type NotificationMethod = keyof typeof NOTIFICATIONS;
export type NotificationParams<N extends NotificationMethod> = z.infer<(typeof NOTIFICATIONS)[N]['params']>;

/** One unasked message, distinguished by its method. */
export type Notification = {
  [N in NotificationMethod]: { readonly method: N; readonly params: NotificationParams<N> };
}[NotificationMethod];

export function isMethod(name: string): name is Method {
  return Object.hasOwn(SYSCALLS, name);
}
