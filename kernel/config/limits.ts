import { z } from 'zod';

const count = z.int().min(1);
/** A timer of Node takes no more milliseconds: it would run at once. */
const millis = z
  .number()
  .min(0)
  .max(2 ** 31 - 1);
/** A message becomes one string, whose length the engine bounds by 2^29. */
const MAX_MESSAGE_BYTES = 2 ** 28;

/** Every limit of the kernel on one screen. */
export const limitsConfig = z.strictObject({
  maxAgents: count.default(10_000).describe('Most connected agents'),
  pendingPerAgent: count.default(1000).describe('Most open syscalls of one agent'),
  pendingTotal: count.default(10_000).describe('Most open syscalls of all agents'),
  pendingBytes: count
    .default(2 ** 28)
    .describe(
      'Most characters that open syscalls with their answers, those kept for feedback, and text for slow readers hold',
    ),
  requestsPerSecond: z
    .number()
    .positive()
    .default(1000)
    .describe('Most requests a second of one connection, over HTTP of one token, over a burst of as many'),
  ratingsPerSecond: z
    .number()
    .positive()
    .default(200)
    .describe(
      'Most ratings a second of one tenant, or of a token with all tenants that it names, over a burst of ten times as many',
    ),
  tokenRequestsPerSecond: z
    .number()
    .positive()
    .default(10_000)
    .describe('The same of all connections of one token; at least `requestsPerSecond`'),
  maxMessageBytes: count
    .max(MAX_MESSAGE_BYTES)
    .default(2 ** 20)
    .describe('Most bytes of one message'),
  maxRequestBytes: count
    .max(MAX_MESSAGE_BYTES)
    .default(20 * 2 ** 20)
    .describe('Most bytes of one HTTP request; of these, at most `maxMessageBytes` beside images, audio and files'),
  maxHeaderBytes: count.default(8192).describe('Most bytes of the headers of one HTTP request'),
  requestTimeoutMs: millis
    .min(1)
    .default(60_000)
    .describe('Time for an HTTP request with its body, and for one message'),
  httpAgentMs: millis.default(60_000).describe('How long an agent over HTTP stays a process after its last request'),
  streamHeadMs: millis
    .default(10_000)
    .describe('A stream over HTTP begins with its first text, or after so long; before, a failure has its own status'),
  streamBeatMs: millis.min(1).default(15_000).describe('Time between the comments that keep a silent stream open'),
  maxMessageDepth: count.default(32).describe('Most levels of nesting in one message'),
  maxMessageValues: count.default(10_000).describe('Most commas between values in one message'),
  maxBatchRequests: count.default(100).describe('Most requests in one batch'),
  socketsPerAddress: count.default(4096).describe('Most connections from one address'),
  sendBufferBytes: z
    .strictObject({
      slow: count
        .default(2 ** 20)
        .describe(
          'Bytes a connection has not taken at which its streams pause and it is not read on; less, down to 64 KiB, where `pendingBytes` are nearly used',
        ),
      close: count
        .default(2 ** 22)
        .describe(
          'Bytes a connection has not taken at which it is closed (WebSocket: with 1013) if it takes nothing for a tenth of `slowReaderMs`',
        ),
    })
    .refine(({ slow, close }) => slow <= close, 'Expected `slow` to be at most `close`')
    .prefault({}),
  slowReaderMs: millis.default(10_000).describe('A slow connection that takes nothing for so long is closed'),
  handshakeTimeoutMs: millis.default(5000).describe('Time for headers and handshake'),
  heartbeatMs: millis.min(1).default(30_000).describe('Time between pings'),
  missedPings: count.default(2).describe('A connection that misses so many is dropped'),
  drainMs: millis.default(30_000).describe('Time that running calls get at shutdown'),
  maxAttempts: count.max(100).default(3).describe('Times a call is given to a core before it fails'),
  retryBackoffMs: z
    .strictObject({
      base: millis.default(250).describe('A call that every core has failed waits a random time below base x 2^tries'),
      max: millis.default(10_000).describe('and below this'),
    })
    .prefault({}),
  orphanMs: millis
    .default(60_000)
    .describe(
      'A call with a key that nobody follows for so long ends; a child waits so long for a parent that was lost',
    ),
  ghostMs: millis
    .default(1000)
    .describe('Time for which a request that an earlier kernel has left open keeps its slot'),
  chunkMs: millis.default(25).describe('Time over which streamed text is gathered into one message'),
  finishedCalls: z
    .strictObject({
      ms: millis.default(900_000).describe('How long an ended call can still be rated'),
      count: count.default(10_000).describe('How many ended calls can still be rated'),
    })
    .prefault({}),
});

export type KernelLimits = z.infer<typeof limitsConfig>;
