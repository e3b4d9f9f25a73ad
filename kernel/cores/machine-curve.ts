import { z } from 'zod';
import type { Millis } from '../../syscalls/syscall.js';

/** Milliseconds by a count of 1 or more: points of a line. */
function points(value: z.ZodNumber) {
  const error = ({ code }: { readonly code: string }) =>
    code === 'invalid_key'
      ? 'Expected a point at a whole number from 1 to 999999999'
      : 'Expected milliseconds by a count, such as { 1: 5, 64: 7.5 }';
  return z
    .record(z.string().regex(/^[1-9]\d{0,8}$/), value, { error })
    .refine((line) => Object.keys(line).length > 0, 'Expected one point or more');
}

/** Times of one model on one machine, as they were measured. */
export const machineCurve = z.strictObject({
  prefillMs: points(z.number().min(0)).describe('Milliseconds to read so many input tokens at once'),
  tpotMs: points(z.number().positive()).describe(
    'Milliseconds that a token takes, by calls running at a time; contextMs comes on top',
  ),
  contextMs: points(z.number().min(0))
    .default({ 1: 0 })
    .describe('Milliseconds that each 1,000 tokens of mean context add to a token, by calls running'),
});

export type MachineCurve = z.infer<typeof machineCurve>;

/** How long a machine takes. */
export interface MachineSpeed {
  /** To read so many input tokens at once. */
  readonly prefillMs: (tokens: number) => Millis;
  /** From one token to the next of each call, when so many calls run with so many tokens of context in the mean. */
  readonly tpotMs: (running: number, meanContext: number) => Millis;
}

export function speedOf({ prefillMs, tpotMs, contextMs }: MachineCurve): MachineSpeed {
  const [prefill, tpot, context] = [lineThrough(prefillMs), lineThrough(tpotMs), lineThrough(contextMs)];
  return {
    prefillMs: prefill,
    tpotMs: (running, meanContext) => tpot(running) + (context(running) * meanContext) / 1000,
  };
}

/** Straight between the points, level before the first one, and straight on behind the last two, though never down. */
export function lineThrough(line: Readonly<Record<string, number>>): (x: number) => number {
  const points = Object.entries(line)
    .map(([x, y]) => ({ x: Number(x), y }))
    .sort((a, b) => a.x - b.x);
  const last = points.length - 1;
  return (x) => {
    const right = points.findIndex((point) => point.x >= x);
    const b = points[right < 0 ? last : right] as Point;
    const a = points[(right < 0 ? last : right) - 1];
    if (a === undefined) return b.y;
    const slope = (b.y - a.y) / (b.x - a.x);
    return b.y + (right < 0 ? Math.max(0, slope) : slope) * (x - b.x);
  };
}

interface Point {
  readonly x: number;
  readonly y: number;
}
