import type { Setting } from '../../../../syscalls/cores.js';
import { type Json, textAt } from '../../../json.js';
import type { Learnt } from '../../core.js';
import { wordsOf } from './error-body.js';

/**
 * What an error that refuses a call shows of the core.
 *
 * @param text its message without what is quoted, which may be the caller's @param quoted the whole of it
 */
export function learntFrom(error: Json, text: string, quoted: string, isOverflow: boolean): Learnt {
  if (isOverflow) {
    const contextWindow = windowIn(text);
    return contextWindow === undefined ? {} : { contextWindow };
  }
  const words = wordsOf(error).join(' ');
  const isUnsupported =
    /unsupported|not[ _]support|that support|does(n't| not) support|unrecognized|unknown (parameter|field|name)/i;
  const said = `${words} ${text}`;
  if (/tool use|support tools/i.test(said)) return { unsupported: 'tools' };
  // A value that is not supported says nothing of the setting, nor a format of all images.
  if (
    !isUnsupported.test(said) ||
    /unsupported_value|supported values?|mime|format/i.test(said.replace(/response_format/g, ''))
  ) {
    return {};
  }
  const named = textAt(error, 'param') ?? /['"`]([a-z_.[\]0-9]{2,40})['"`]/i.exec(quoted)?.[1] ?? '';
  const unsupported = SETTING_OF[named.split(/[.[]/)[0] ?? ''];
  if (unsupported !== undefined) return { unsupported };
  const input =
    /\b(image|audio|file)(_url|s)?\b[^.]{0,60}\bnot support|(?:not support|that support)[^.]{0,40}\b(image|audio|file)/i.exec(
      text,
    );
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
    `> ${number}`,
    `${number} (?:tokens? )?maximum context length`,
    `maximum prompt length is ${number}`,
    `context length is only ${number}`,
    `cannot exceed ${number}`,
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
