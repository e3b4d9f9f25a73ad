import { createHash } from 'node:crypto';
import { z } from 'zod';
import { SyscallError } from '../syscalls/errors.js';
import { describeIssue } from '../syscalls/protocol.js';

/** Most bytes of what a policy has learnt. */
export const MOST_LEARNT_BYTES = 2 ** 20;

const FORMAT = 'eccos-learnt';

const header = z.strictObject({
  format: z.literal(FORMAT),
  /** Of the state. */
  version: z.int(),
  policy: z.string(),
  sha256: z.string(),
});

/** What the states of a policy are, and how they are read. */
export interface LearntKind<T extends z.ZodType> {
  readonly policy: string;
  /** States of another version are refused. */
  readonly version: number;
  readonly state: T;
}

/** What a policy has learnt as bytes: a line of JSON that says what they are, and the state as JSON. */
export function encodeLearnt<T extends z.ZodType>({ policy, version }: LearntKind<T>, state: z.infer<T>): Uint8Array {
  const body = Buffer.from(JSON.stringify(state));
  const first: z.infer<typeof header> = { format: FORMAT, version, policy, sha256: hashOf(body) };
  return Buffer.concat([Buffer.from(`${JSON.stringify(first)}\n`), body]);
}

/**
 * Reads what `encodeLearnt` wrote.
 *
 * @throws SyscallError `invalid-config`, with rule and value, for bytes that are too many, damaged, or of another policy or version
 */
export function decodeLearnt<T extends z.ZodType>(kind: LearntKind<T>, bytes: Uint8Array): z.infer<T> {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (all.length > MOST_LEARNT_BYTES) throw refused(`at most ${MOST_LEARNT_BYTES} bytes`, `${all.length} bytes`);
  const end = all.indexOf('\n');
  const { version, policy, sha256 } = parsed(header, all.subarray(0, Math.max(0, end)), 'header');
  if (policy !== kind.policy) throw refused(`of policy ${kind.policy}`, `that of ${JSON.stringify(policy)}`);
  if (version !== kind.version) throw refused(`of version ${kind.version}`, `version ${version}`);
  const body = all.subarray(end + 1);
  if (hashOf(body) !== sha256) throw refused('whole', `${body.length} bytes that do not match their SHA-256`);
  return parsed(kind.state, body, 'state');
}

function parsed<T extends z.ZodType>(schema: T, text: Buffer, root: string): z.infer<T> {
  let value: unknown;
  try {
    value = JSON.parse(text.toString());
  } catch {
    throw refused('a header and a state, each JSON', `${text.length} bytes of something else`);
  }
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  throw new SyscallError('invalid-config', `what was learnt: ${describeIssue(error, value, root)}`);
}

function refused(rule: string, value: string): SyscallError {
  return new SyscallError('invalid-config', `Expected what was learnt to be ${rule}, got ${value}`);
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
