import type { Encoder } from '../encoder/encoder.js';

/** Characters of a prompt that are looked at. */
const WINDOW = 4000;

/**
 * Counts of these patterns, as log(1 + count). Blanks at the start of a line stop at its end: `\s*` there would look at a
 * run of empty lines once for each of them.
 */
const COUNTED = {
  sentences: /[.!?](?=\s|$)/g,
  lines: /\n/g,
  blankLines: /\n[ \t]*\n/g,
  questionMarks: /\?/g,
  numbers: /\d+(?:[.,]\d+)*/g,
  decimals: /\d\.\d/g,
  largeNumbers: /\d{4,}/g,
  percents: /%|\bper ?cent\b/gi,
  currency: /[$€£¥]\d|\b(?:dollars?|cents?|euros?)\b/gi,
  units:
    /\d ?(?:kg|g|mg|km|cm|mm|m|s|ms|h|hours?|minutes?|days?|weeks?|years?|miles?|feet|inches|lb|°|K|Hz|V|W|J|N|mol|atm|ft)\b/g,
  latexCommands: /\\[a-zA-Z]+/g,
  mathSpans: /\$[^$\n]+\$/g,
  operators: /[=+*/^<>≤≥]/g,
  exponents: /\^|\bsquared?\b|\bcubed?\b/gi,
  fractions: /\\d?frac|\b\d+\/\d+\b|\b(?:half|third|quarter|twice)\b/gi,
  roots: /\\sqrt|√|\blog(?:arithm)?\b|\bsin\b|\bcos\b|\bintegral\b|\\int\b|\bderivative\b/gi,
  brackets: /[()[\]{}]/g,
  quotes: /["'`“”‘’]/g,
  commas: /,/g,
  colons: /[:;]/g,
  codeKeywords:
    /\b(?:def|return|function|class|import|const|let|var|elif|else|while|lambda|print|assert|int|void|SELECT)\b/g,
  codeCalls: /\w\.\w+\(|\w\(\w*\)|\[-?\d*:-?\d*\]/g,
  codeLoops: /\b(?:for|while)\b[^\n]*[:{]\s*$/gm,
  indentedLines: /^(?: {2,}|\t)\S/gm,
  options: /^[^\S\n\r\u2028\u2029]*\(?[A-Z][.)]\s/gm,
  numericOptions: /^[^\S\n\r\u2028\u2029]*\(?[A-Z][.)]\s*[-+$]?\d/gm,
  listItems: /^[^\S\n\r\u2028\u2029]*(?:[-*•]|\d+[.)])\s/gm,
  blanks: /_{2,}/g,
  negations: /\b(?:not|no|never|without|none|neither|nor|except|false|incorrect|least|cannot)\b|n't\b/gi,
  superlatives: /\b(?:best|most|primary|main|largest|smallest|greatest|maximum|minimum)\b/gi,
  conditions: /\b(?:if|suppose|assume|given|when|unless|let)\b/gi,
  comparisons: /\b(?:more|less|fewer|greater|than|each|every|times|per|total|remaining|left)\b/gi,
  properNames: /(?<=[a-z,] )[A-Z][a-z]+/g,
  longWords: /\b[a-zA-Z]{10,}\b/g,
  capitals: /\b[A-Z]{2,}\b/g,
} as const satisfies Record<string, RegExp>;

/** 1 where the text matches, else 0: what kind of question it is. */
const ASKED = {
  what: /\bwhat\b/i,
  which: /\bwhich\b/i,
  who: /\bwho(?:m|se)?\b/i,
  when: /\b(?:when|what year|how long)\b/i,
  why: /\b(?:why|because|reason)\b/i,
  howMany: /\bhow (?:many|much)\b/i,
  calculate: /\b(?:calculate|compute|evaluate|determine|estimate)\b/i,
  find: /\bfind\b/i,
  prove: /\b(?:prove|show that|proof|theorem|statement)\b/i,
  write: /\b(?:write|implement|create|generate|summari[sz]e|translate)\b/i,
  accordingTo: /\baccording to\b/i,
  code: /```|\[PYTHON\]|#include|\bdef \w+\(/,
} as const satisfies Record<string, RegExp>;

/** Shares and means of the text, each bounded. */
const SHAPES = [
  'logCharacters',
  'logWords',
  'meanWordLength',
  'wordsPerSentence',
  'longestLine',
  'distinctWords',
  'digitShare',
  'upperShare',
  'punctuationShare',
  'foreignShare',
  'logLargestNumber',
  'endsWithQuestion',
  'logAskedLength',
] as const;

/** A length that the answer is to have, in tokens or words. */
const ASKED_LENGTH = /\b(\d{1,6})[ -](?:tokens?|words?)\b/i;

/** Names of the features, in order. A trained net is bound to them. */
export const SURFACE_FEATURES: readonly string[] = [...SHAPES, ...Object.keys(COUNTED), ...Object.keys(ASKED)];

/**
 * What can be seen of a prompt without understanding it: length, numbers, notation, kind of question.
 *
 * @returns one finite number a name of `SURFACE_FEATURES`; logarithms of counts, shares and flags
 */
export function surfaceFeatures(prompt: string): Float32Array {
  const text = prompt.slice(0, WINDOW);
  const counts = Object.values(COUNTED).map((pattern) => count(text, pattern));
  const flags = Object.values(ASKED).map((pattern) => Number(pattern.test(text)));
  const sentences = Math.max(1, counts[0] ?? 0);
  return Float32Array.from([...shapesOf(text, prompt.length, sentences), ...counts.map(Math.log1p), ...flags]);
}

function shapesOf(text: string, wholeLength: number, sentences: number): number[] {
  const words = text.match(/[\p{L}\p{N}_]+/gu) ?? [];
  const length = Math.max(1, text.length);
  const share = (pattern: RegExp) => count(text, pattern) / length;
  const numbers = text.match(/\d{1,15}/g) ?? [];
  return [
    Math.log1p(wholeLength),
    Math.log1p(words.length),
    words.reduce((sum, word) => sum + word.length, 0) / Math.max(1, words.length),
    Math.log1p(words.length / sentences),
    Math.log1p(text.split('\n').reduce((longest, line) => Math.max(longest, line.length), 0)),
    new Set(words.map((word) => word.toLowerCase())).size / Math.max(1, words.length),
    share(/\d/g),
    share(/\p{Lu}/gu),
    share(/[^\p{L}\p{N}\s]/gu),
    share(/[^\u0020-\u007e\s]/g),
    Math.log1p(numbers.reduce((largest, number) => Math.max(largest, Number(number)), 0)),
    Number(/\?\s*$/.test(text)),
    Math.log1p(Number(ASKED_LENGTH.exec(text)?.[1] ?? 0)),
  ];
}

function count(text: string, pattern: RegExp): number {
  let found = 0;
  for (const _ of text.matchAll(pattern)) found++;
  return found;
}

/** What the predictor sees of a prompt. */
export interface PromptFeatures {
  /** Unit vector of the encoder, by which similar prompts are found. */
  readonly embedding: Float32Array;
  /** The embedding, then the surface features: what the nets take, before it is standardised. */
  readonly features: Float32Array;
}

/** @param prompts texts of last user messages, without a template */
export async function promptFeatures(encoder: Encoder, prompts: readonly string[]): Promise<PromptFeatures[]> {
  const embeddings = await encoder.encode(prompts);
  return prompts.map((prompt, i) => {
    const embedding = embeddings[i] as Float32Array;
    const features = new Float32Array(embedding.length + SURFACE_FEATURES.length);
    features.set(embedding);
    features.set(surfaceFeatures(prompt), embedding.length);
    return { embedding, features };
  });
}
