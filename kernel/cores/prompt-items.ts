import { readProblem } from './answers/problem.js';
import { hashedItems, type Item } from './item-response.js';

/** The default of simulated cores: what the text asks for where it can be read, else a difficulty drawn by the text. */
export function promptItems(prompt: string, problem = readProblem(prompt)): Item {
  return problem?.item ?? hashedItems(prompt);
}
