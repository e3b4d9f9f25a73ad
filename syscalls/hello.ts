import { z } from 'zod';
import { coreView } from './cores.js';

/** Version of this protocol. A kernel refuses another one at `agent.hello`. */
export const PROTOCOL_VERSION = 1;

/** The first request on a connection: it makes the connection a process. */
export const helloParams = z.strictObject({
  protocol: z.literal(PROTOCOL_VERSION).describe('Version of this protocol'),
  name: z.string().min(1).max(128).describe('Name of the agent, for people'),
  parent: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Pid of a live process of the same token, or the one that it had before it came back; killing it kills this one too',
    ),
  was: z
    .int()
    .min(1)
    .optional()
    .describe('Pid that this process had before its connection was lost: its children find it again'),
  tenant: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe('Whose calls these are, where the token does not say: a tenant below the name of the token'),
});

const limits = z
  .strictObject({
    pendingPerAgent: z.int().describe('Most syscalls of one process that are not final'),
    pendingTotal: z.int().describe('Most syscalls of all processes that are not final'),
    requestsPerSecond: z
      .number()
      .describe('Most requests a second of one connection, over a burst of as many; each request of a batch counts'),
    maxMessageBytes: z.int().describe('Most bytes of one message'),
    maxMessageDepth: z.int().describe('Most levels of nesting in one message'),
    maxMessageValues: z.int().describe('Most commas between values in one message'),
    maxBatchRequests: z.int().describe('Most requests in one batch'),
  })
  .describe('What the kernel takes; more is refused');

export const helloReply = z.strictObject({
  pid: z.int().describe('Identity of the new process'),
  parent: z.int().optional().describe('Pid that its parent has now'),
  tenant: z.string().describe('Whose calls its calls are'),
  policy: z.string().describe('Name of the scheduler policy'),
  cores: z.array(coreView).describe('The LLM cores, in the order of the config'),
  limits,
});

export type HelloParams = z.infer<typeof helloParams>;
export type HelloReply = z.infer<typeof helloReply>;
