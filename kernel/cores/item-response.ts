import { hash } from 'node:crypto';

/** What a query asks of any model. */
export interface Item {
  /** Ability at which a model answers right half of the time; 0 is an average query, 3 a very hard one. */
  readonly difficulty: number;
  /** Length of the answer as a multiple of the model's usual one. @default 1 */
  readonly lengthScale?: number;
}

/** Reads from the text of a query what it asks for. Must be a pure function. */
export type ItemModel = (prompt: string) => Item;

/** What is drawn about a model's answers. */
export interface Examinee {
  /** Name that its draws are made under. */
  readonly id: string;
  /** On the scale of the difficulty. */
  readonly ability: number;
  /** How sharply it separates easy from hard: slope of the logit. */
  readonly discrimination: number;
  /** Log-normal length of its answers, in tokens; `spread` is the standard deviation of the logarithm. */
  readonly answerTokens: { readonly median: number; readonly spread: number };
}

/** Of a text that asks for nothing in particular: a difficulty from the standard normal distribution, drawn by the text alone, so that seeds share the queries. */
export const hashedItems: ItemModel = (prompt) => ({
  // Drawn only where it is looked at: a core that just needs the length of an answer does not.
  get difficulty() {
    return normal(digestOf('difficulty', prompt), 0);
  },
});

/**
 * Probability of a right answer, by the two-parameter logistic model of item response theory:
 * 1 / (1 + exp(-discrimination (ability - difficulty))). Birnbaum, in Lord and Novick, "Statistical Theories of Mental
 * Test Scores", 1968.
 */
export function passProbability({ ability, discrimination }: Examinee, { difficulty }: Item): number {
  return 1 / (1 + Math.exp(-discrimination * (ability - difficulty)));
}

/** Whether this model answers this query right: one draw per (seed, model, query), so asking again changes nothing. */
export function isRight(model: Examinee, prompt: string, item: Item, seed: number): boolean {
  return uniform(digestOf('right', seed, model.id, prompt), 0) < passProbability(model, item);
}

/** Which of the wrong answers this model gives to this query: uniform in (0, 1), one draw per (seed, model, query). */
export function slipOf(model: Examinee, prompt: string, seed: number): number {
  return uniform(digestOf('slip', seed, model.id, prompt), 0);
}

/** Tokens of the whole answer, 1 or more: one draw per (seed, model, query). */
export function answerLength(model: Examinee, prompt: string, item: Item, seed: number): number {
  const { median, spread } = model.answerTokens;
  const deviation = spread === 0 ? 0 : spread * normal(digestOf('length', seed, model.id, prompt), 0);
  return Math.max(1, Math.round(median * (item.lengthScale ?? 1) * Math.exp(deviation)));
}

/** SHA-256, as hexadecimal digits: a Buffer of it takes longer to make than to hash. */
function digestOf(...key: readonly (string | number)[]): string {
  return hash('sha256', JSON.stringify(key), 'hex');
}

/** In (0, 1), both ends left out. @param word which 32 bits of the digest */
function uniform(digest: string, word: number): number {
  return (Number.parseInt(digest.slice(word * 8, word * 8 + 8), 16) + 0.5) / 2 ** 32;
}

/** Standard normal from two words of the digest (Box and Muller). */
function normal(digest: string, word: number): number {
  return Math.sqrt(-2 * Math.log(uniform(digest, word))) * Math.cos(2 * Math.PI * uniform(digest, word + 1));
}
