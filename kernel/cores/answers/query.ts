import { arrivalOrder } from './arrival-order.js';
import { listEntry } from './list-entry.js';
import { programTrace } from './program-trace.js';
import type { Question } from './question.js';
import { wordProblem } from './word-problem.js';

/** What a query asks of a model, as read from its text. */
export interface QueryDemands {
  /** Name of its kind. */
  readonly family: string;
  readonly question: Question;
  /** 1 to 10. */
  readonly level: number;
  /** Logit of a wrong answer by a model of average ability: about -3 (easy) to 3 (hard). */
  readonly difficulty: number;
  /** Output tokens that the query asks for. */
  readonly outputTokens: number;
}

const QUESTIONS: readonly Question[] = [wordProblem, programTrace, listEntry, arrivalOrder];

const LENGTH = /Answer in about (\d{1,5}) tokens\.$/;

/** How a query ends that wants an answer of this length. */
export function lengthWish(outputTokens: number): string {
  return `Answer in about ${Math.max(1, Math.round(outputTokens))} tokens.`;
}

/** Reads from the text of a query what it asks for; undefined for any other text. */
export function readQuery(text: string): QueryDemands | undefined {
  const question = QUESTIONS.find(({ opening }) => text.startsWith(opening));
  const length = LENGTH.exec(text)?.[1];
  if (question === undefined || length === undefined) return undefined;
  const level = question.levelOf(text);
  const { base, slope } = question.difficulty;
  return {
    family: question.name,
    question,
    level,
    difficulty: base + slope * (level - 1),
    outputTokens: Number(length),
  };
}
