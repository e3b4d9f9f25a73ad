import { z } from 'zod';

/** A mark of Anthropic's prompt cache: what comes before it may be kept there. Other providers cache by themselves. */
export const cacheMark = z
  .strictObject({
    type: z.literal('ephemeral').describe('The one kind of mark'),
    ttl: z.enum(['5m', '1h']).optional().describe('How long it is kept. @default 5m'),
  })
  .describe('The prompt up to here may be kept in the provider’s cache');

const cached = { cache_control: cacheMark.optional() } as const;

const kind = <Kind extends string>(name: Kind) => z.literal(name).describe('Kind of the part');

const textPart = z.strictObject({ type: kind('text'), text: z.string().describe('The text'), ...cached });

const imagePart = z.strictObject({
  type: kind('image_url'),
  image_url: z
    .strictObject({
      url: z
        .string()
        .regex(/^(https?:\/\/|data:image\/[\w.+-]+;base64,)/, 'Expected http(s)://... or data:image/...;base64,...')
        .describe('http(s), fetched by the provider, or a data URL in base64'),
      detail: z.enum(['auto', 'low', 'high']).optional().describe('How closely the model looks'),
    })
    .describe('An image'),
  ...cached,
});

const base64 = z.string().regex(/^[A-Za-z0-9+/_-]+={0,2}$/, 'Expected base64');

const audioPart = z.strictObject({
  type: kind('input_audio'),
  input_audio: z
    .strictObject({
      data: base64.describe('The sound, in base64'),
      format: z.enum(['wav', 'mp3', 'flac', 'opus', 'aac', 'ogg']).describe('Its format'),
    })
    .describe('Sound'),
  ...cached,
});

const filePart = z.strictObject({
  type: kind('file'),
  file: z
    .strictObject({
      file_data: z
        .string()
        .regex(/^data:[\w.+-]+\/[\w.+-]+;base64,/, 'Expected a data URL in base64: data:application/pdf;base64,...')
        .optional()
        .describe('The file as a data URL in base64'),
      file_id: z
        .string()
        .min(1)
        .optional()
        .describe('Of a file that the provider has already: only that provider knows it'),
      filename: z.string().max(255).optional().describe('Its name'),
    })
    .refine(
      ({ file_data, file_id }) => (file_data === undefined) !== (file_id === undefined),
      'Expected exactly one of file_data and file_id',
    )
    .describe('A file'),
  ...cached,
});

const refusalPart = z.strictObject({
  type: kind('refusal'),
  refusal: z.string().describe('Why the model did not answer'),
});

/** Text: a string, or OpenAI's list of parts. The bound of its length is that of a message on the wire. */
const text = z.union([z.string(), z.array(textPart).min(1)]);
const anyContent = z.union([
  z.string(),
  z.array(z.discriminatedUnion('type', [textPart, imagePart, audioPart, filePart])).min(1),
]);
const assistantContent = z.union([z.string(), z.array(z.discriminatedUnion('type', [textPart, refusalPart])).min(1)]);

/** A call of a tool, as the model made it: its id and name may be as long as the model likes. */
export const toolCall = z.strictObject({
  id: z.string().min(1).describe('Given by the model; the result names it'),
  type: z.literal('function').describe('The one kind of call'),
  function: z
    .strictObject({
      name: z.string().min(1).describe('Of the tool'),
      arguments: z.string().describe('As the model wrote them: JSON text, not yet checked'),
    })
    .describe('What is called'),
  extra_content: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('What the provider wants back with the call, such as google.thought_signature'),
  index: z.int().optional().describe('Left over from a stream; not used'),
});

/** A piece of a tool call while it is written. Pieces of one id belong together; each says whose they are. */
export const toolCallDelta = z.strictObject({
  id: z.string().min(1).describe('Of the call, as in the reply'),
  name: z.string().describe('Of the tool'),
  arguments: z.string().describe('The next piece of the JSON text'),
});

/** One piece of what a model thought, in OpenRouter's form: text, a summary, or data that only its provider can read. */
export const reasoningDetail = z.looseObject({
  type: z.string().describe('reasoning.text, reasoning.summary or reasoning.encrypted'),
  text: z.string().nullish().describe('What was thought'),
  summary: z.string().nullish().describe('A summary of it'),
  data: z.string().nullish().describe('What only the provider can read'),
  signature: z.string().nullish().describe('Of the provider, which wants it back'),
  format: z.string().nullish().describe('Whose form it is; goes back to a core of that provider only'),
});

const name = z.string().min(1).max(64).optional().describe('Who speaks, where several have the same role');

/** One message in OpenAI's form. */
export const chatMessage = z.discriminatedUnion('role', [
  z.strictObject({
    role: z.literal('system').describe('Who speaks'),
    content: text.describe('What is said'),
    name,
    ...cached,
  }),
  z.strictObject({
    role: z.literal('developer').describe('Who speaks'),
    content: text.describe('What is said'),
    name,
    ...cached,
  }),
  z.strictObject({
    role: z.literal('user').describe('Who speaks'),
    content: anyContent.describe('What is said'),
    name,
    ...cached,
  }),
  z.strictObject({
    role: z.literal('assistant').describe('Who speaks'),
    content: assistantContent.nullish().describe('What was said'),
    name,
    refusal: z.string().nullish().describe('What the model said when it refused'),
    tool_calls: z.array(toolCall).optional().describe('Tools that were called'),
    reasoning_content: z.string().nullish().describe('What the model thought, as text'),
    reasoning_details: z.array(reasoningDetail).optional().describe('What the model thought, with signatures'),
    annotations: z.array(z.unknown()).optional().describe('Of an earlier answer; not sent'),
    ...cached,
  }),
  z.strictObject({
    role: z.literal('tool').describe('Who speaks'),
    content: anyContent.describe('The result'),
    tool_call_id: z.string().min(1).describe('Of the call'),
    name,
    ...cached,
  }),
]);

export type ChatMessage = z.infer<typeof chatMessage>;
export type ToolCall = z.infer<typeof toolCall>;
export type ToolCallDelta = z.infer<typeof toolCallDelta>;
export type ReasoningDetail = z.infer<typeof reasoningDetail>;
export type ContentPart = Exclude<NonNullable<ChatMessage['content']>, string>[number];
/** What a message may hold beside text. */
export type MediaKind = 'image' | 'audio' | 'file';

const MEDIA_OF: Readonly<Record<string, MediaKind>> = { image_url: 'image', input_audio: 'audio', file: 'file' };

/** The parts of a message; a string is one part. */
export function partsOf({ content }: ChatMessage): readonly ContentPart[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  return content ?? [];
}

/** What a part is beside text; undefined: text. */
export function mediaOf(part: ContentPart): MediaKind | undefined {
  return MEDIA_OF[part.type];
}

/** The text of one message, its parts joined. */
export function messageText(message: ChatMessage): string {
  const { content } = message;
  if (typeof content === 'string') return content;
  let text = '';
  for (const part of content ?? []) {
    if (part.type === 'text') text += part.text;
    else if (part.type === 'refusal') text += part.refusal;
  }
  return text;
}
