import type { Reduced } from './bound.js';
import { polish } from './polish.js';
import { prove } from './proof.js';
import type { Placement, Transport, Work } from './transport.js';

/** Below this relative gap only rounding separates a placement from the bound. */
const ROUNDING = 1e-9;
const ROUNDS = 3;

/** Polishes from both sides of the limit, then from the best found, then tries to prove that it is optimal. */
export function improve(
  problem: Transport,
  limit: number,
  reduced: Reduced & { readonly mu: Float64Array },
  { over, under }: { readonly over: Placement; readonly under: Placement },
  relGap: number,
  work: Work,
): { best: Placement; exact: boolean } {
  const scale = Math.max(Math.abs(reduced.bound), Math.abs(under.u));
  let best = under;
  const within = (share: number): boolean => best.u - reduced.bound <= share * scale;
  const enough = Math.max(relGap, ROUNDING);

  const bases = [over, under];
  for (let round = 0; round < bases.length && !within(enough); round++) {
    const found = polish(problem, limit, reduced, bases[round]!, best, best.u - reduced.bound, work);
    if (found !== best && round + 1 >= 2 && round < ROUNDS) bases.push(found);
    best = found;
  }
  let proved = false;
  for (const base of [under, over]) {
    if (proved || within(enough)) break;
    ({ best, proved } = prove(problem, limit, reduced, base, best, work));
  }
  return { best, exact: proved || within(ROUNDING) };
}
