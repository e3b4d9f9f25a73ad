import { callOf, coresOf, teach } from '../../agents/lab/predictor/record-calls.js';
import { syntheticRecords } from '../../agents/lab/records/synthetic-records.js';
import type { OutcomeRecord } from '../../kernel/outcomes/record.js';
import { textTokens } from '../../kernel/tokens.js';
import { openEncoder } from '../../schedulers/eccos/encoder/open-encoder.js';
import { openPredictor } from '../../schedulers/eccos/predictor/open-predictor.js';
import { percentile, quantiles } from './measure.js';

const TOKENS = 128;
const RATED = 1000;
const ROUNDS = 5;
const PROMPTS = 200;
/** Milliseconds at p50. */
const GATE_MS = 5;

/** One prediction at a time, each of a new prompt of 128 tokens for five cores: encoder alone, and all of it, with 1,000 rated calls. */
export async function run(): Promise<void> {
  const records = await syntheticRecords(RATED, 1);
  const cores = coresOf(records, records[0]?.outputs.map(({ model }) => model) ?? []);
  const encoder = await openEncoder();
  const predictor = await openPredictor();
  await teach(predictor, records, cores);
  const prompts = promptsOf(await syntheticRecords(4 * PROMPTS * ROUNDS, 2));
  const steps = {
    'encoder alone': (prompt: string) => encoder.encode([prompt]),
    'encoder, nets, memory': (prompt: string) =>
      predictor.predict([callOf({ id: '', dataset: '', outputs: [], prompt, input_tokens: TOKENS })], cores),
  };
  for (const [name, step] of Object.entries(steps)) {
    for (const prompt of prompts.slice(0, PROMPTS)) await step(`warm ${prompt}`);
    const rounds: number[][] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const times: number[] = [];
      for (const prompt of prompts.slice(round * PROMPTS, (round + 1) * PROMPTS)) {
        const startedAt = performance.now();
        await step(prompt);
        times.push(performance.now() - startedAt);
      }
      rounds.push(times);
    }
    const at = (share: number) => rounds.map((times) => percentile(times, share));
    const gate =
      name === 'encoder alone'
        ? ''
        : ` | gate p50 <= ${GATE_MS} ms: ${percentile(at(0.5), 0.5) <= GATE_MS ? 'met' : 'MISSED'}`;
    console.log(`${name.padEnd(22)} p50 ${quantiles(at(0.5), 2)} ms | p99 ${quantiles(at(0.99), 2)} ms${gate}`);
  }
  console.log(`each figure: median [min, max] of ${ROUNDS} rounds of ${PROMPTS} prompts of ${TOKENS} tokens`);
  await Promise.all([encoder.close(), predictor.close()]);
}

/** Prompts of 128 tokens, cut from the texts one after the other. */
function promptsOf(records: readonly OutcomeRecord[]): string[] {
  const words = records.flatMap(({ prompt }) => prompt.split(/(?<=\s)/));
  const prompts: string[] = [];
  for (let at = 0; prompts.length < PROMPTS * ROUNDS && at < words.length; ) {
    let text = '';
    while (at < words.length && textTokens(text) < TOKENS) text += words[at++];
    prompts.push(text);
  }
  return prompts;
}
