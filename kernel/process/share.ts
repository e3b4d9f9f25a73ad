/** A token may use so many times what is left, beside its part of the whole. */
const OF_FREE = 4;

/**
 * How much of something scarce one token may use: all parts of it where it is the only one, and in any case as much as an equal
 * part for each token. Beyond that it may use four times what is then left free, so that one token alone reaches 80 %, and
 * whoever comes next always finds some (dynamic thresholds: Choudhury and Hahne, IEEE/ACM Transactions on Networking 6(2), 1998).
 *
 * @param most of it that there is @param used by all tokens @param tokens that the kernel knows, at least 1
 */
export function shareOf(most: number, used: number, tokens: number): number {
  return Math.max(most / tokens, (most - used) * OF_FREE);
}
