import { z } from 'zod';
import { cacheMark, chatMessage, messageText, reasoningDetail, toolCall, toolCallDelta } from './chat-message.js';

/** A JSON Schema given by an agent. It is data that is handed on to the model as it came. */
const jsonSchema = z
  .custom<Record<string, unknown>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'Expected a JSON Schema object',
  )
  .meta({ type: 'object' });

const toolName = z.string().regex(/^[\w.:/-]{1,128}$/, 'Expected 1 to 128 letters, digits or _.:/-');

const chatTool = z.strictObject({
  type: z.literal('function').describe('The one kind of tool'),
  function: z
    .strictObject({
      name: toolName.describe('What the model calls it by'),
      description: z.string().optional().describe('What it does'),
      parameters: jsonSchema.optional().describe('JSON Schema of the arguments; without it the tool takes none'),
      strict: z.boolean().optional().describe('The arguments must follow the schema exactly'),
    })
    .describe('A function'),
  cache_control: cacheMark.optional(),
});

const toolChoice = z.union([
  z.enum(['auto', 'none', 'required']),
  z.strictObject({
    type: z.literal('function').describe('The one kind of tool'),
    function: z.strictObject({ name: toolName.describe('The tool') }).describe('Which one'),
  }),
]);

const responseFormat = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text').describe('Kind of the format') }),
  z.strictObject({ type: z.literal('json_object').describe('Kind of the format') }),
  z.strictObject({
    type: z.literal('json_schema').describe('Kind of the format'),
    json_schema: z
      .strictObject({
        name: z.string().min(1).max(64).describe('Of the format'),
        description: z.string().optional().describe('What the answer is for'),
        schema: jsonSchema.describe('JSON Schema of the answer'),
        strict: z.boolean().nullish().describe('The provider holds the model to it exactly'),
      })
      .describe('The format'),
  }),
]);

const coreIds = z.array(z.string().min(1).max(128)).min(1).max(256);

/** Settings of the kernel's own, and those that decide what a call may cost: no option of a provider may change them. */
const KERNEL_OWNED = new Set(
  'model models messages contents system systeminstruction stream streamoptions n bestof candidatecount maxtokens maxcompletiontokens maxoutputtokens maxnewtokens numpredict extrabody'.split(
    ' ',
  ),
);

function ownedIn(options: object): string | undefined {
  for (const [key, value] of Object.entries(options)) {
    if (KERNEL_OWNED.has(key.replaceAll('_', '').toLowerCase())) return key;
    const inner = typeof value === 'object' && value !== null ? ownedIn(value) : undefined;
    if (inner !== undefined) return inner;
  }
  return undefined;
}

const optionsOfProvider = z
  .record(z.string(), z.unknown())
  .superRefine((options, context) => {
    const key = ownedIn(options);
    if (key === undefined) return;
    context.addIssue({ code: 'custom', message: `Expected no option that the kernel sets itself, got ${key}` });
  })
  .optional();

/** Version 00; ids of zeros alone are not valid. */
export const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

const penalty = z.number().min(-2).max(2).optional();

export const chatParams = z
  .strictObject({
    messages: z.array(chatMessage).min(1).max(2048).describe('The conversation so far, in OpenAI’s form'),
    cores: coreIds.optional().describe('Cores that may serve the call; all without it'),
    models: coreIds.optional().meta({ deprecated: true }).describe('The old name of `cores`'),
    maxTokens: z.int().min(1).max(1_000_000).optional().describe('Most output tokens'),
    temperature: z.number().min(0).max(2).optional().describe('How random the answer is'),
    topP: z.number().min(0).max(1).optional().describe('Only tokens that make up this much of the probability'),
    frequencyPenalty: penalty.describe('Against tokens by how often they came'),
    presencePenalty: penalty.describe('Against tokens that came at all'),
    seed: z.int().optional().describe('The same seed may give the same answer'),
    stop: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1).max(16)])
      .optional()
      .describe('Texts at which the answer ends; they are not part of it'),
    logprobs: z.boolean().optional().describe('The reply holds the log probability of each token'),
    topLogprobs: z.int().min(0).max(20).optional().describe('And of so many others in its place; needs logprobs'),
    tools: z.array(chatTool).min(1).max(128).optional().describe('What the model may call'),
    toolChoice: toolChoice.optional().describe('Whether a tool is called: auto, none, required, or which one'),
    parallelToolCalls: z.boolean().optional().describe('Whether one answer may call several tools'),
    responseFormat: responseFormat.optional().describe('An answer that breaks it is a failed attempt: invalid-output'),
    reasoningEffort: z
      .enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh'])
      .optional()
      .describe('How long a reasoning model thinks'),
    metadata: z
      .record(z.string().min(1).max(64), z.string().max(512))
      .refine((labels) => Object.keys(labels).length <= 16, 'Expected at most 16 labels')
      .optional()
      .describe('Labels of the call; sent to OpenAI’s own API, which keeps them'),
    providerOptions: z
      .strictObject({
        openai: optionsOfProvider.describe('For cores of this provider'),
        'openai-compatible': optionsOfProvider.describe('For cores of this provider'),
        anthropic: optionsOfProvider.describe('For cores of this provider'),
        google: optionsOfProvider.describe('For cores of this provider'),
      })
      .optional()
      .describe('Members of the request body in a provider’s own words; sent to cores of that provider as they are'),
    stream: z
      .boolean()
      .optional()
      .describe('Send the text as it comes, as `llm.chunk` notifications; the reply still holds all of it'),
    priority: z.int().min(0).max(9).optional().describe('Higher is more urgent, for policies that look at it'),
    deadlineMs: z
      .number()
      .positive()
      .max(86_400_000)
      .optional()
      .describe('Milliseconds from acceptance after which the call ends `expired`'),
    minQuality: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe(
        'Least probability of a correct answer, for policies that predict it; a core with a lower configured `quality` is not eligible',
      ),
    patience: z
      .number()
      .min(0)
      .max(1e6)
      .optional()
      .describe(
        'How much cheaper than usual it is to keep this call waiting, for policies that let calls wait for a better core; 0 = it takes any free slot. Default 1',
      ),
    task: z
      .string()
      .regex(/^[\w./-]{1,64}$/, 'Expected 1 to 64 letters, digits, _, ., / or -')
      .optional()
      .describe('What kind of work this is; past calls of the same tag are what the call is compared with'),
    trace: z
      .strictObject({
        traceparent: z
          .string()
          .regex(
            TRACEPARENT,
            'Expected a traceparent of W3C Trace Context, such as 00-<32 hex digits>-<16 hex digits>-01',
          )
          .describe('The span that the call belongs to, as W3C Trace Context writes it'),
      })
      .optional()
      .describe('Where the call belongs in a trace of its caller'),
    retry: z
      .enum(['safe', 'never'])
      .optional()
      .describe(
        '`never`: a provider that fails is not asked again, nor is another, not even by a kernel that comes back',
      ),
    idempotencyKey: z
      .string()
      .regex(/^[\x21-\x7e]{1,128}$/, 'Expected 1 to 128 printable ASCII characters without spaces')
      .optional()
      .describe(
        'A name of the call among those of the token: a repeat with the same key is the same call, which goes on without a connection for a while',
      ),
    from: z
      .strictObject({
        attempt: z.int().min(1).describe('As in the last `llm.chunk`'),
        offset: z.int().min(0).describe('UTF-16 units of its text that are there already'),
      })
      .optional()
      .describe('Of a repeat with `stream`: where the text goes on'),
    restart: z
      .enum(['allow', 'forbid'])
      .optional()
      .describe('`forbid`: once a piece of the stream was sent, a failed attempt ends the call. Default allow'),
  })
  .superRefine(({ tools, toolChoice, logprobs, topLogprobs, from, idempotencyKey }, context) => {
    const fault = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message });
    if (from !== undefined && idempotencyKey === undefined) fault('from', 'Expected `idempotencyKey` beside it');
    if (topLogprobs !== undefined && logprobs !== true) fault('topLogprobs', 'Expected `logprobs: true` beside it');
    if (toolChoice === undefined || toolChoice === 'none') return;
    if (tools === undefined) fault('toolChoice', 'Expected `tools` beside it');
    else if (typeof toolChoice === 'object') {
      const wanted = toolChoice.function.name;
      if (tools.some((tool) => tool.function.name === wanted)) return;
      fault('toolChoice', 'Expected the name of one of `tools`');
    }
  });

const millis = z.number();

export const chatReply = z.strictObject({
  syscallId: z.string().describe('Identity of the call'),
  text: z.string().describe('The answer'),
  toolCalls: z.array(toolCall).describe('Tools that the model calls'),
  reasoning: z.string().optional().describe('What the model thought, where the provider shows it'),
  reasoningDetails: z
    .array(reasoningDetail)
    .optional()
    .describe('What the provider wants back in the history: thoughts with signatures, encrypted thoughts'),
  logprobs: z.array(z.unknown()).optional().describe('Log probabilities of the tokens, in OpenAI’s form'),
  finishReason: z
    .enum(['stop', 'length', 'tool-calls', 'content-filter', 'other'])
    .describe('`other`: the provider ended with a word that the kernel does not know, see `finishWord`'),
  finishWord: z.string().optional().describe('The provider’s own word for why it ended'),
  warnings: z.array(z.string()).optional().describe('Settings of the call that were not sent, or changed, and why'),
  usage: z
    .strictObject({
      inputTokens: z.number().describe('All input tokens that were billed, those re-sent after a preemption too'),
      outputTokens: z.number().describe('All output tokens that were billed, those of reasoning too'),
      reprefillTokens: z.number().describe('The part of `inputTokens` re-sent because the call was preempted'),
      cachedInputTokens: z.number().optional().describe('The part of `inputTokens` from the provider’s prompt cache'),
      cacheWriteTokens: z.number().optional().describe('The part of `inputTokens` written to the prompt cache'),
      audioInputTokens: z.number().optional().describe('The part of `inputTokens` that was audio'),
      reasoningTokens: z.number().optional().describe('The part of `outputTokens` that the model only thought'),
      audioOutputTokens: z.number().optional().describe('The part of `outputTokens` that was audio'),
      estimated: z
        .literal(true)
        .optional()
        .describe('The kernel counted tokens itself: the provider reported not all of them, or the call was preempted'),
    })
    .describe('Tokens'),
  costUsd: z.number().describe('By the prices of the config'),
  providerCostUsd: z.number().optional().describe('What the provider itself reports as the cost of this answer'),
  core: z.string().describe('The core that answered'),
  reason: z.string().describe("The policy's one line on why this core"),
  attempts: z.int().describe('How many times a core was asked: 1, plus retries after a failure'),
  preemptions: z.int().describe('How many times the call was preempted'),
  times: z
    .strictObject({
      accepted: millis.describe('Taken in'),
      scheduled: millis.describe('First put on a core'),
      started: millis.describe('First sent to a core'),
      firstToken: millis.optional().describe('First token, thoughts included; absent when the answer was empty'),
      ended: millis.describe('Ended'),
    })
    .describe('First time each thing happened, milliseconds on the kernel’s clock'),
});

/** One piece of a streamed answer. */
export const chatChunk = z.strictObject({
  syscallId: z.string().describe('Identity of the call'),
  seq: z.int().describe('0, 1, 2 ... within the request, without a gap'),
  attempt: z.int().describe('How many times a core was asked by then'),
  offset: z.int().describe('UTF-16 units of the text of this attempt before the piece'),
  text: z.string().describe('A piece of the answer'),
  toolCalls: z
    .array(toolCallDelta)
    .optional()
    .describe('Pieces of tool calls, where the provider streams them; they come after the text'),
  restart: z
    .literal(true)
    .optional()
    .describe('The call was moved to another core after a failure: forget the answer so far'),
});

export type ChatParams = z.infer<typeof chatParams>;
export type ChatReply = z.infer<typeof chatReply>;
export type ChatChunk = z.infer<typeof chatChunk>;
export type ChatTool = z.infer<typeof chatTool>;

/** Cores that may serve a call; undefined: every one. */
export function coresOf({ cores, models }: Pick<ChatParams, 'cores' | 'models'>): readonly string[] | undefined {
  return cores ?? models;
}

/** The text of the last user message: what a call is about. Empty without a user message. */
export function promptOf(params: ChatParams): string {
  const last = params.messages.findLast((message) => message.role === 'user');
  return last === undefined ? '' : messageText(last);
}
