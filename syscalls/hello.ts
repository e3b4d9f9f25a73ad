import { z } from 'zod';
import { coreView } from './cores.js';

/** Version of this protocol. A kernel refuses another one at `agent.hello`. */
export const PROTOCOL_VERSION = 1;

/** The first request on a connection: it makes the connection a process. */
export const helloParams = z.strictObject({
  protocol: z.literal(PROTOCOL_VERSION),
  name: z.string().min(1).max(128),
  /** A live process of the same token; killing it kills this one too. */
  parent: z.int().min(1).optional(),
  /** Whose calls these are, where the token does not say. */
  tenant: z.string().min(1).max(64).optional(),
});

const limits = z.strictObject({
  /** Most syscalls of one process that are not final. */
  pendingPerAgent: z.int(),
  /** Most syscalls of all processes that are not final. */
  pendingTotal: z.int(),
  /** Most requests a second of one process, over a burst of as many. */
  requestsPerSecond: z.number(),
  /** Most bytes of one message. */
  maxMessageBytes: z.int(),
  /** Most levels of nesting in one message. */
  maxMessageDepth: z.int(),
  /** Most commas between values in one message. */
  maxMessageValues: z.int(),
});

export const helloReply = z.strictObject({
  pid: z.int(),
  tenant: z.string(),
  policy: z.string(),
  cores: z.array(coreView),
  limits,
});

export type HelloParams = z.infer<typeof helloParams>;
export type HelloReply = z.infer<typeof helloReply>;
