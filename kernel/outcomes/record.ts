import { z } from 'zod';
import { SyscallError } from '../../syscalls/errors.js';
import { describeIssue } from '../../syscalls/protocol.js';

/** More than any model takes or gives, and few enough to be counted in 32 bits. */
const tokens = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);

/** What one model made of one prompt. */
const modelOutcome = z.object({
  model: z.string().min(1).max(128),
  /** As rated by the source: 0 is wrong, 1 is right. */
  score: z.number().min(0).max(1),
  output_tokens: tokens,
  cost_usd: z.number().min(0),
});

/** One line of an outcome file. Members it does not know are left out: sources add their own. */
const outcomeRecord = z
  .object({
    id: z.string().min(1),
    dataset: z.string(),
    prompt: z.string().min(1),
    input_tokens: tokens,
    outputs: z.array(modelOutcome),
  })
  .superRefine(({ outputs }, context) => {
    const seen = new Set<string>();
    for (const [index, { model }] of outputs.entries()) {
      if (seen.has(model)) {
        context.addIssue({
          code: 'custom',
          path: ['outputs', index, 'model'],
          message: 'Expected each model once in a record',
        });
      }
      seen.add(model);
    }
  });

export type ModelOutcome = Readonly<z.infer<typeof modelOutcome>>;
/** One prompt, and what each model made of it. */
export type OutcomeRecord = Readonly<Omit<z.infer<typeof outcomeRecord>, 'outputs'>> & {
  readonly outputs: readonly ModelOutcome[];
};

/**
 * One line of text as a record.
 *
 * @param where names the line in the message, for example `zeroeval.jsonl:17`
 * @throws SyscallError `invalid-config` with line, field, rule and value
 */
export function decodeOutcome(line: string, where: string): OutcomeRecord {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new SyscallError(
      'invalid-config',
      `${where}: Expected one JSON object a line (which has no NaN or Infinity)`,
    );
  }
  const decoded = outcomeRecord.safeParse(value);
  if (decoded.success) return decoded.data;
  throw new SyscallError('invalid-config', `${where}: ${describeIssue(decoded.error, value, 'record')}`);
}
