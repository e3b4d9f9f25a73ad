import { z } from 'zod';

/** A number between two others, written like `0.7`, as a policy parameter. */
export function numberText(least: number, most: number) {
  return z
    .string()
    .regex(/^\d*\.?\d+$/, 'Expected a number')
    .transform(Number)
    .pipe(z.number().min(least).max(most));
}

/** Folder of a predictor that `eccos train` wrote. @default the shipped one */
export const predictorFolder = z.string().min(1).optional();
