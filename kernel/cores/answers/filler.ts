/** Words that are one token each in o200k_base, with a space before them and without. */
const WORDS =
  'the rest of it is words that say nothing at all but take as many tokens as a real answer would have taken so time and cost and length are true while the text is only here to be seen and sent and read by no one in the end which is fine for a test of how calls wait and run'.split(
    ' ',
  );
const CYCLE = WORDS.map((word) => ` ${word}`).join('');
/** Many times that: a piece of it is cut out, not put together. */
const CYCLES = 4096;
const LONG = CYCLE.repeat(CYCLES);
/** Where in the cycle each word starts. */
const STARTS = WORDS.map((_, index) => WORDS.slice(0, index).reduce((length, word) => length + word.length + 1, 0));

/**
 * Tokens `from` to `to` of an endless text that is always the same for one key. Texts of neighbouring ranges join to the
 * text of the whole range.
 *
 * @param key picks where in the cycle of words the text starts
 */
export function fillerText(key: string, from: number, to: number): string {
  const start = startOf(key);
  const text = padding(start + from, start + to);
  return from === 0 ? text.slice(1) : text;
}

/** Tokens `from` to `to` of the words that follow an answer which is too short: each with the space before it. */
export function padding(from: number, to: number): string {
  if (to <= from) return '';
  const a = positionOf(from);
  const b = positionOf(to);
  const firstCycle = Math.floor(a / CYCLE.length);
  const cycles = Math.ceil(b / CYCLE.length) - firstCycle;
  const text = cycles <= CYCLES ? LONG : CYCLE.repeat(cycles);
  return text.slice(a - firstCycle * CYCLE.length, b - firstCycle * CYCLE.length);
}

/** Character at which a word of the endless text starts, the space before it included. */
function positionOf(word: number): number {
  return Math.floor(word / WORDS.length) * CYCLE.length + (STARTS[word % WORDS.length] ?? 0);
}

/** FNV-1a of the last characters, which is enough to tell most texts apart. */
function startOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = Math.max(0, key.length - 64); i < key.length; i++) {
    hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0) % WORDS.length;
}
