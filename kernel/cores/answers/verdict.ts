import type { Solution } from './question.js';

const QUESTION = '\nQuestion:\n';
const ANSWER = '\nAnswer:\n';
const ASKS = /\b(?:right|correct)\b/i;

/** A question and what somebody answered, to be checked. */
export interface Check {
  readonly question: string;
  readonly answer: string;
}

/**
 * Reads the question of a verifier: a first line that asks whether an answer is right (or correct), a line `Question:` before the question and a
 * line `Answer:` before the answer.
 */
export function readCheck(text: string): Check | undefined {
  const question = text.indexOf(QUESTION);
  const answer = text.lastIndexOf(ANSWER);
  if (question < 0 || answer < question + QUESTION.length || !ASKS.test(text.slice(0, Math.min(question, 500)))) {
    return undefined;
  }
  return {
    question: text.slice(question + QUESTION.length, answer),
    answer: text.slice(answer + ANSWER.length),
  };
}

/** Whether an answer is right: the whole sentence, or the bare value. */
export function verdictOf(solution: Solution, answer: string): Solution {
  const bare = answer.trim().replace(/\.$/, '');
  const isRight = bare === solution.right || answer.trimStart().startsWith(solution.sentence(solution.right));
  return {
    right: isRight ? 'yes' : 'no',
    wrong: () => (isRight ? 'no' : 'yes'),
    sentence: (value) => (value === 'yes' ? 'Yes, that is right.' : 'No, that is wrong.'),
  };
}
