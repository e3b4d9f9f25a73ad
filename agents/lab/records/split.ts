import { createHash } from 'node:crypto';

/** The parts of the data. */
export const SPLITS = ['train', 'validation', 'test'] as const;

export type Split = (typeof SPLITS)[number];

/**
 * The part of the data that a prompt belongs to: the first 8 hex digits of sha1("split:" + prompt) as a number
 * modulo 100; 0 to 69 is train, 70 to 79 validation, 80 to 99 test.
 */
export function splitOf(prompt: string): Split {
  const digits = createHash('sha1').update(`split:${prompt}`).digest('hex').slice(0, 8);
  const part = Number.parseInt(digits, 16) % 100;
  if (part < 70) return 'train';
  return part < 80 ? 'validation' : 'test';
}
