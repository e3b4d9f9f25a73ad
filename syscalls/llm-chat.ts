import { z } from 'zod';

/**
 * Text of one message: a string, or OpenAI's list of text parts.
 * The bound is the wire's: one message frame is at most 1 MiB.
 */
const content = z.union([z.string(), z.array(z.strictObject({ type: z.literal('text'), text: z.string() })).min(1)]);

const toolCall = z.strictObject({
  id: z.string().min(1).max(128),
  type: z.literal('function'),
  function: z.strictObject({
    name: z.string().min(1).max(64),
    /** The arguments as the model wrote them: JSON text, not yet checked. */
    arguments: z.string(),
  }),
});

/** One message in OpenAI's form. */
const chatMessage = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('system'), content }),
  z.strictObject({ role: z.literal('user'), content }),
  z.strictObject({
    role: z.literal('assistant'),
    content: content.nullable().optional(),
    tool_calls: z.array(toolCall).min(1).optional(),
  }),
  z.strictObject({ role: z.literal('tool'), content, tool_call_id: z.string().min(1).max(128) }),
]);

/** A JSON Schema given by an agent. It is data that is handed on to the model as it came and never interpreted here. */
const jsonSchema = z
  .custom<Record<string, unknown>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'Expected a JSON Schema object',
  )
  .meta({ type: 'object' });

const chatTool = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({
    name: z.string().regex(/^[\w-]{1,64}$/, 'Expected 1 to 64 letters, digits, _ or -'),
    description: z.string().max(4096).optional(),
    parameters: jsonSchema,
  }),
});

const responseFormat = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text') }),
  z.strictObject({ type: z.literal('json_object') }),
  z.strictObject({
    type: z.literal('json_schema'),
    json_schema: z.strictObject({
      name: z.string().min(1).max(64),
      schema: jsonSchema,
      strict: z.boolean().optional(),
    }),
  }),
]);

const coreIds = z.array(z.string().min(1).max(128)).min(1).max(256);

export const chatParams = z.strictObject({
  messages: z.array(chatMessage).min(1).max(2048),
  /** Cores that may serve the call; none given = every core. */
  cores: coreIds.optional(),
  /** The old name of `cores`. */
  models: coreIds.optional().meta({ deprecated: true }),
  /** Most output tokens. */
  maxTokens: z.int().min(1).max(1_000_000).optional(),
  temperature: z.number().min(0).max(2).optional(),
  tools: z.array(chatTool).min(1).max(128).optional(),
  responseFormat: responseFormat.optional(),
  /** Send the text as it comes, as `llm.chunk` notifications; the reply still holds all of it. */
  stream: z.boolean().optional(),
  /** Higher is more urgent, for policies that look at it. */
  priority: z.int().min(0).max(9).optional(),
  /** Milliseconds from acceptance after which the call ends `expired`. */
  deadlineMs: z.number().positive().max(86_400_000).optional(),
  /** Least probability of a correct answer, 0 to 1, for policies that predict it; a core with a lower configured `quality` is not eligible. */
  minQuality: z.number().min(0).max(1).optional(),
  /** What kind of work this is; past calls of the same tag are what the call is compared with. */
  task: z
    .string()
    .regex(/^[\w./-]{1,64}$/, 'Expected 1 to 64 letters, digits, _, ., / or -')
    .optional(),
  /** `never`: a provider that fails is not asked again, nor is another. */
  retry: z.enum(['safe', 'never']).optional(),
});

const millis = z.number();

export const chatReply = z.strictObject({
  syscallId: z.string(),
  text: z.string(),
  toolCalls: z.array(toolCall),
  finishReason: z.enum(['stop', 'length', 'tool-calls', 'content-filter']),
  usage: z.strictObject({
    /** All input tokens that were billed, those re-sent after a preemption too. */
    inputTokens: z.number(),
    outputTokens: z.number(),
    /** The part of `inputTokens` that was re-sent because the call was preempted. */
    reprefillTokens: z.number(),
    /** The kernel counted the tokens itself: the provider reported no usage, or the call was preempted. */
    estimated: z.literal(true).optional(),
  }),
  costUsd: z.number(),
  core: z.string(),
  /** The policy's one line on why this core. */
  reason: z.string(),
  /** How many times a core was asked: 1, plus retries after a failure. */
  attempts: z.int(),
  /** How many times the call was preempted. */
  preemptions: z.int(),
  /** First time each thing happened, milliseconds on the kernel's clock. `firstToken` is absent when the answer was empty. */
  times: z.strictObject({
    accepted: millis,
    scheduled: millis,
    started: millis,
    firstToken: millis.optional(),
    ended: millis,
  }),
});

/** One piece of a streamed answer. */
export const chatChunk = z.strictObject({
  syscallId: z.string(),
  /** 0, 1, 2 ... within the syscall, without a gap. */
  seq: z.int(),
  text: z.string(),
  /** The call was moved to another core after a failure: forget the text so far. */
  restart: z.literal(true).optional(),
});

export type ChatMessage = z.infer<typeof chatMessage>;
export type ChatParams = z.infer<typeof chatParams>;
export type ChatReply = z.infer<typeof chatReply>;
export type ChatChunk = z.infer<typeof chatChunk>;
export type ChatTool = z.infer<typeof chatTool>;
export type ToolCall = z.infer<typeof toolCall>;

/** Cores that may serve a call; undefined: every one. */
export function coresOf({ cores, models }: ChatParams): readonly string[] | undefined {
  return cores ?? models;
}

/** The text of one message, its parts joined. */
export function messageText(message: ChatMessage): string {
  const { content } = message;
  if (typeof content === 'string') return content;
  return content?.map((part) => part.text).join('') ?? '';
}

/** The text of the last user message: what a call is about. Empty without a user message. */
export function promptOf(params: ChatParams): string {
  const last = params.messages.findLast((message) => message.role === 'user');
  return last === undefined ? '' : messageText(last);
}
