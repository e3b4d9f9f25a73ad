import { cutText } from '../../../schedulers/eccos/encoder/text.js';
import type { Millis } from '../../../syscalls/syscall.js';

/** Texts whose vectors the encoder remembers. */
export const ENCODED_TEXTS = 10_000;

/** Most tokens that the encoder looks at, and characters of one. */
const MOST_TOKENS = 128;
const CHARACTERS_A_TOKEN = 3.1;
/** Of a text, and of each of its tokens. */
const TEXT_MS = 0.35;
const TOKEN_MS = 0.026;

/** What nets, features and memory take of a call, on the kernel's own thread. */
export const NETS_MS = 0.3;

/** What the encoder's thread takes of one text. */
export function encodeMs(prompt: string): Millis {
  return TEXT_MS + TOKEN_MS * Math.min(MOST_TOKENS, cutText(prompt).length / CHARACTERS_A_TOKEN);
}

interface DecisionTime {
  readonly tickMs: Millis;
  /** For each pending call and core. */
  readonly pairMs: Millis;
}

const ECCOS: DecisionTime = { tickMs: 0.15, pairMs: 0.002 };
/** Of policies that look at each call once. */
const PLAIN: DecisionTime = { tickMs: 0.005, pairMs: 0.00002 };

/** What one decision takes, on the kernel's own thread. @param policy its name */
export function decideMs(policy: string, pending: number, cores: number): Millis {
  const { tickMs, pairMs } = policy === 'eccos' ? ECCOS : PLAIN;
  return tickMs + pairMs * pending * cores;
}
