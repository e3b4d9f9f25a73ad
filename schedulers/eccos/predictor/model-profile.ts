import { z } from 'zod';

/** What the heads know of one model beside the net's weights. */
export const modelProfile = z.strictObject({
  name: z.string().min(1).max(128),
  /** Outcomes that it was trained on. */
  records: z.int().min(0),
  meanScore: z.number().min(0).max(1),
  /** Of log(1 + output tokens) on the training part: what the net's lengths are standardised by. */
  logTokens: z.strictObject({ mean: z.number(), deviation: z.number().positive() }),
  /** Mean of exp(residual of the log): turns a predicted log into a mean (Duan, "Smearing estimate", 1983). */
  smearing: z.number().positive(),
  /** 90 % quantile of the residuals of the log. */
  p90Residual: z.number(),
});

export type ModelProfile = Readonly<z.infer<typeof modelProfile>>;
