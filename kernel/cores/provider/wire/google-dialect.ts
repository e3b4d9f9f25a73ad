import type { TokenUsage } from '../../../../syscalls/price.js';
import { countAt, isObject, type Json, listAt, objectAt, textAt } from '../../../json.js';
import { faultInAnswer } from '../faults/fault.js';
import { type Dialect, noFacts } from './answer-facts.js';

/** Words that are no end. */
const NO_END = new Set(['FINISH_REASON_UNSPECIFIED', 'CONTINUATION']);

/** Google's generateContent. */
export class GoogleDialect implements Dialect {
  readonly facts = noFacts();

  read(event: Json): readonly Json[] {
    if (isObject(event['error'])) throw faultInAnswer(event['error']);
    this.#readUsage(event['usageMetadata']);
    const [candidate] = listAt(event, 'candidates');
    const word = textAt(candidate, 'finishReason');
    const blocked = textAt(objectAt(event, 'promptFeedback'), 'blockReason');
    if (word !== undefined && !NO_END.has(word)) this.#ends(word);
    // A blocked prompt has no candidates: the reason is all the answer there is.
    else if (blocked !== undefined) this.#ends(blocked === 'OTHER' ? 'BLOCKED' : blocked);
    const { usageMetadata: _usage, ...rest } = event;
    return [rest];
  }

  unroll(answer: Json): readonly Json[] {
    return this.read(answer);
  }

  done(): readonly Json[] {
    return [];
  }

  #ends(word: string): void {
    this.facts.finishWord = word;
    this.facts.hasEndMark = true;
  }

  #readUsage(usage: unknown): void {
    if (!isObject(usage)) return;
    const prompt = countAt(usage, 'promptTokenCount');
    const tools = countAt(usage, 'toolUsePromptTokenCount') ?? 0;
    const answer = countAt(usage, 'candidatesTokenCount');
    const thoughts = countAt(usage, 'thoughtsTokenCount');
    const total = countAt(usage, 'totalTokenCount');
    const input = prompt === undefined ? undefined : prompt + tools;
    const parts = answer === undefined && thoughts === undefined ? undefined : (answer ?? 0) + (thoughts ?? 0);
    const rest = total === undefined || input === undefined ? undefined : total - input;
    const counts: { [Key in keyof TokenUsage]?: number | undefined } = {
      inputTokens: input,
      outputTokens: rest !== undefined && rest > (parts ?? 0) ? rest : (parts ?? rest),
      cachedInputTokens: countAt(usage, 'cachedContentTokenCount'),
      audioInputTokens: audioOf(usage, 'promptTokensDetails'),
      reasoningTokens: thoughts,
      audioOutputTokens: audioOf(usage, 'candidatesTokensDetails'),
    };
    const known = Object.entries(counts).filter(([, count]) => count !== undefined);
    this.facts.usage = { ...this.facts.usage, ...Object.fromEntries(known) };
  }
}

function audioOf(usage: Json, key: string): number | undefined {
  const part = listAt(usage, key).find((one) => isObject(one) && one['modality'] === 'AUDIO');
  return countAt(part, 'tokenCount');
}
