import type { Setting } from '../../../../syscalls/cores.js';
import { type Json, textAt } from '../../../json.js';
import type { Learnt } from '../../core.js';
import { wordsOf } from './error-body.js';

/** What an error that refuses a call shows of the core. */
export function learntFrom(error: Json, text: string, isOverflow: boolean): Learnt {
  if (isOverflow) {
    const contextWindow = windowIn(text);
    return contextWindow === undefined ? {} : { contextWindow };
  }
  const words = wordsOf(error).join(' ');
  const isUnsupported =
    /unsupported|not[ _]support|does(n't| not) support|unrecognized|unknown (parameter|field|name)/i;
  if (!isUnsupported.test(`${words} ${text}`)) return {};
  const named = textAt(error, 'param') ?? /['"`]([a-z_.[\]0-9]{2,40})['"`]/i.exec(text)?.[1] ?? '';
  const unsupported = SETTING_OF[named.split(/[.[]/)[0] ?? ''];
  if (unsupported !== undefined) return { unsupported };
  const input =
    /\b(image|audio|file)(_url|s)?\b[^.]{0,60}\bnot support|not support[^.]{0,40}\b(image|audio|file)/i.exec(text);
  const kind = (input?.[1] ?? input?.[3])?.toLowerCase();
  return kind === 'image' || kind === 'audio' || kind === 'file' ? { input: kind } : {};
}

/** Settings by their names at providers. */
const SETTING_OF: Readonly<Record<string, Setting>> = {
  temperature: 'temperature',
  top_p: 'topP',
  topP: 'topP',
  frequency_penalty: 'frequencyPenalty',
  presence_penalty: 'presencePenalty',
  seed: 'seed',
  stop: 'stop',
  stop_sequences: 'stop',
  logprobs: 'logprobs',
  top_logprobs: 'logprobs',
  tools: 'tools',
  functions: 'tools',
  tool_choice: 'toolChoice',
  parallel_tool_calls: 'parallelToolCalls',
  response_format: 'responseFormat',
  output_config: 'responseFormat',
  reasoning_effort: 'reasoningEffort',
  reasoning: 'reasoningEffort',
  thinking: 'reasoningEffort',
};

/** The window that a message about an overflow names, as OpenAI, Anthropic, Google, vLLM and llama.cpp write it. */
function windowIn(text: string): number | undefined {
  const number = '([\\d][\\d,_]{2,10})';
  const forms = [
    `(?:maximum|max) context (?:length|window|size)(?: of this model)? (?:is|of) ${number}`,
    `> ${number} (?:tokens )?maximum`,
    `maximum number of tokens allowed \\(?${number}`,
    `(?:context (?:length|window|size)|available context size) (?:is|of)? ?\\(?${number}`,
    `limit (?:is|of) ${number} tokens`,
  ];
  for (const form of forms) {
    const found = new RegExp(form, 'i').exec(text)?.[1];
    if (found !== undefined) return Number(found.replaceAll(/[,_]/g, ''));
  }
  return undefined;
}
