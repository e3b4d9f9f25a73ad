import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { OutcomeRecord } from '../../kernel/outcomes/record.js';

const DATA = resolve(import.meta.dirname, '../../../shared/data');

/** Path of a file of the development data, or undefined, with the reason printed, where the folder is absent. */
export function sharedData(file: string): string | undefined {
  const path = resolve(DATA, file);
  if (existsSync(path)) return path;
  process.stderr.write(`skipped: ${path} is absent, tests on real data do not run\n`);
  return undefined;
}

/** A record with one output per model: [score, output tokens, cost in dollars]. */
export function outcomeRecord(
  prompt: string,
  outputs: Readonly<Record<string, readonly [score: number, outputTokens: number, costUsd: number]>>,
  inputTokens = 10,
): OutcomeRecord {
  return {
    id: `id of ${prompt}`,
    dataset: 'made-up',
    prompt,
    input_tokens: inputTokens,
    outputs: Object.entries(outputs).map(([model, [score, output_tokens, cost_usd]]) => ({
      model,
      score,
      output_tokens,
      cost_usd,
    })),
  };
}
