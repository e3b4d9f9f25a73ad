import { closestMatch } from 'leven';

/** Most letters that may be wrong, as a share of the name and in all: two letters that changed places are two. */
const SLIPS = { share: 0.4, most: 3 } as const;
/** Fewer letters begin too many names. */
const SHORTEST_START = 3;

/** The name that a wrong one may have been meant for, as the end of a message; empty where none is near. */
export function didYouMean(given: string, names: readonly string[]): string {
  const typed = given.toLowerCase();
  const maxDistance = Math.min(SLIPS.most, Math.ceil(typed.length * SLIPS.share));
  const begun = typed.length < SHORTEST_START ? undefined : names.find((name) => name.toLowerCase().startsWith(typed));
  const lower = names.map((name) => name.toLowerCase());
  const nearest = begun ?? names[lower.indexOf(closestMatch(typed, lower, { maxDistance }) ?? '')];
  return nearest === undefined ? '' : `; did you mean "${nearest}"?`;
}
