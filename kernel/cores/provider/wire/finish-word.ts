import type { ChatReply } from '../../../../syscalls/llm-chat.js';

type Finish = ChatReply['finishReason'] | 'cut';

/**
 * Words of providers for why an answer ended, in small letters with `_`: the documented ones of OpenAI, Anthropic, Google,
 * Mistral, DeepSeek, Zhipu, Bedrock and common servers.
 */
const WORDS: Readonly<Record<Exclude<Finish, 'other'>, readonly string[]>> = {
  stop: [
    'stop',
    'end_turn',
    'stop_sequence',
    'eos',
    'eos_token',
    'end',
    'end_of_turn',
    'complete',
    'completed',
    'finished',
    'done',
    'success',
  ],
  length: [
    'length',
    'max_tokens',
    'max_output_tokens',
    'max_length',
    'max_new_tokens',
    'model_length',
    'token_limit',
    'context_length',
    'context_length_exceeded',
    'context_window_exceeded',
    'model_context_window_exceeded',
  ],
  'tool-calls': ['tool_calls', 'tool_call', 'tool_use', 'function_call', 'function_calls'],
  'content-filter': [
    'content_filter',
    'content_filtered',
    'content_policy',
    'content_policy_violation',
    'refusal',
    'safety',
    'sensitive',
    'blocklist',
    'prohibited_content',
    'recitation',
    'spii',
    'language',
    'model_armor',
    'moderation',
    'flagged',
    'blocked',
    'guardrail_intervened',
    'guardrails',
    'image_safety',
    'image_prohibited_content',
    'image_recitation',
    'jailbreak',
    'block_reason_unspecified',
  ],
  cut: [
    'abort',
    'aborted',
    'cancel',
    'cancelled',
    'canceled',
    'error',
    'failed',
    'failure',
    'incomplete',
    'interrupted',
    'timeout',
    'time_limit',
    'deadline_exceeded',
    'disconnect',
    'connection_error',
    'network_error',
    'server_error',
    'internal_error',
    'internal_server_error',
    'overloaded',
    'insufficient_system_resource',
    'insufficient_system_resources',
    'unexpected_tool_call',
    'too_many_tool_calls',
    'malformed_function_call',
    'malformed_tool_use',
    'malformed_model_output',
    'malformed_response',
    'missing_thought_signature',
    'no_image',
  ],
};

const MEANING = new Map(
  Object.entries(WORDS).flatMap(([finish, words]) => words.map((word) => [word, finish as Finish] as const)),
);

/** What a provider's word means; `cut`: the answer is not whole; `other`: nothing that is known here. */
export function meaningOf(word: string): Finish {
  const plain = word
    .trim()
    .replace(/^finish_reason_/i, '')
    .replaceAll(/[\s-]+/g, '_')
    .toLowerCase();
  return MEANING.get(plain) ?? 'other';
}
