/**
 * Caps of the cores of a recorded comparison where no file says otherwise: the slots under which the routing gates of
 * the two development sets were measured, and 8 for any other model.
 */
const CAPS: Readonly<Record<string, number>> = {
  'gemini-1.5-pro-002': 10,
  'gemini-1.5-flash-002': 16,
  'deepseek-v2-coder': 10,
  'jamba-1.5-large': 6,
  'Qwen1.5-72B-Chat': 6,
  'Phi-3-mini-4k-instruct': 6,
  'Mixtral-8x7B-Instruct-v0.1': 4,
  'c4ai-command-r-v01': 2,
  'Mistral-7B-Instruct-v0.2': 2,
  'Qwen1.5-7B-Chat': 2,
  'Meta-Llama-3.1-70B-Instruct': 10,
  'Meta-Llama-3.1-8B-Instruct': 6,
  'gpt-4o-2024-08-06': 10,
  'gpt-4o-mini-2024-07-18': 13,
  'claude-3-opus-20240229': 6,
  'claude-3-5-haiku-20241022': 6,
  'claude-3-haiku-20240307': 6,
  'Mistral-Large-2': 6,
  'deepseek-v2.5-0908': 10,
  'Phi-3.5-mini-instruct': 7,
};

const ANY_OTHER = 8;

export function defaultCapOf(model: string): number {
  return Object.hasOwn(CAPS, model) ? (CAPS[model] as number) : ANY_OTHER;
}
