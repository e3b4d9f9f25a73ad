/** Probabilities are kept this far from 0 and 1, so that their logits stay finite. */
const EDGE = 1e-6;

export function logitOf(probability: number): number {
  const inside = Math.min(1 - EDGE, Math.max(EDGE, probability));
  return Math.log(inside / (1 - inside));
}

export function probabilityOf(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}
