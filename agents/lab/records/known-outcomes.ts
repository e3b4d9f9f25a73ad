import { answerLength, type ItemModel, isRight } from '../../../kernel/cores/item-response.js';
import type { CoreConfig } from '../../../kernel/cores/kinds/registry.js';
import { promptItems } from '../../../kernel/cores/prompt-items.js';
import { OutcomeFiles } from '../../../kernel/outcomes/file.js';
import { type ChatParams, promptOf } from '../../../syscalls/llm-chat.js';
import { costOf } from '../../../syscalls/price.js';
import type { CoreId } from '../../../syscalls/syscall.js';

/** What one prompt yields on one core, where that is known in advance. */
export interface KnownOutcome {
  /** 0 is wrong, 1 is right. */
  readonly score: number;
  readonly outputTokens: number;
  readonly costUsd: number;
}

/** What a call yields on a core; undefined where it is not known. */
export type KnownOutcomes = (core: CoreId, params: ChatParams, inputTokens: number) => KnownOutcome | undefined;

type OfCore = (params: ChatParams, inputTokens: number) => KnownOutcome | undefined;

export interface KnowledgeOptions {
  /** Of simulated cores: the seed of the kernel. */
  readonly seed: number;
  /** What simulated cores find in a prompt. @default the draws of the simulated cores */
  readonly items?: ItemModel | undefined;
  /** Files that recorded cores replay. @default each file is read here */
  readonly outcomes?: Pick<OutcomeFiles, 'load'> | undefined;
}

/**
 * The outcomes of every call on simulated and recorded cores. The kernel does not know them: they are for ratings, and for
 * the oracle policies of a comparison.
 */
export async function knownOutcomes(cores: readonly CoreConfig[], options: KnowledgeOptions): Promise<KnownOutcomes> {
  const outcomes = options.outcomes ?? new OutcomeFiles();
  const byCore = new Map<CoreId, OfCore>();
  for (const core of cores) byCore.set(core.id, await outcomesOf(core, { ...options, outcomes }));
  return (core, params, inputTokens) => byCore.get(core)?.(params, inputTokens);
}

async function outcomesOf(
  core: CoreConfig,
  { seed, items = promptItems, outcomes }: KnowledgeOptions & { readonly outcomes: Pick<OutcomeFiles, 'load'> },
): Promise<OfCore> {
  if (core.kind === 'simulated') {
    return (params, inputTokens) => {
      const prompt = promptOf(params);
      const item = items(prompt);
      const whole = answerLength(core, prompt, item, seed);
      const outputTokens = Math.min(whole, params.maxTokens ?? whole);
      const score = isRight(core, prompt, item, seed) ? 1 : 0;
      return { score, outputTokens, costUsd: costOf(core.price, { inputTokens, outputTokens }) };
    };
  }
  if (core.kind !== 'recorded') return () => undefined;
  const { byPrompt } = await outcomes.load([core.data].flat());
  return (params) => {
    const outcome = byPrompt.get(promptOf(params))?.outputs.find(({ model }) => model === core.model);
    return outcome && { score: outcome.score, outputTokens: outcome.output_tokens, costUsd: outcome.cost_usd };
  };
}

/** The same outcomes, each found once as long as the call's parameters are in memory. */
export function remembering(known: KnownOutcomes): KnownOutcomes {
  const found = new WeakMap<ChatParams, Map<CoreId, { inputTokens: number; outcome: KnownOutcome | undefined }>>();
  return (core, params, inputTokens) => {
    const ofCall = found.get(params) ?? new Map<CoreId, { inputTokens: number; outcome: KnownOutcome | undefined }>();
    found.set(params, ofCall);
    const before = ofCall.get(core);
    if (before?.inputTokens === inputTokens) return before.outcome;
    const outcome = known(core, params, inputTokens);
    ofCall.set(core, { inputTokens, outcome });
    return outcome;
  };
}
