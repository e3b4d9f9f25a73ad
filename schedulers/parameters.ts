import { z } from 'zod';

/** A number between two others, written like `0.7`, as a policy parameter. */
export function numberText(least: number, most: number) {
  return z
    .string()
    .regex(/^\d*\.?\d+$/, 'Expected a number')
    .transform(Number)
    .pipe(z.number().min(least).max(most));
}

const folder = z.string().min(1).optional();

/** Folders of a predictor: parameters of every policy that predicts. */
export const predictorFolders = {
  /** Written by `eccos train`. @default the shipped one */
  predictor: folder,
  /** Of the encoder that it was trained on. @default the shipped one */
  encoder: folder,
  /** Where what it learns is kept from one run to the next. @default it is forgotten */
  memory: folder,
  /**
   * What becomes of a memory that is damaged, or of another predictor: it is moved aside with a line in the log, and learning begins
   * anew; or the kernel does not boot.
   */
  memoryFault: z.enum(['set-aside', 'refuse']).default('set-aside'),
} as const;
