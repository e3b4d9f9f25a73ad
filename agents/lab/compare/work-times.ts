import { cutText } from '../../../schedulers/eccos/encoder/text.js';
import type { Millis } from '../../../syscalls/syscall.js';

/*
 * Milliseconds on the machine that the figures of README.md are of, 2 AMD EPYC cores with AVX2 and Node 20.20, with nothing
 * else to do: `npm run bench -- predictor` and `npm run bench -- tick`.
 */

/** Texts whose vectors the encoder remembers. */
export const ENCODED_TEXTS = 10_000;

/** Most tokens that the encoder looks at, and characters of one: mean of MMLU-Pro. */
const MOST_TOKENS = 512;
const CHARACTERS_A_TOKEN = 3.1;
/** Of a text, and of each of its tokens, of which some are new to the tokenizer: 0.66 ms for 128. */
const TEXT_MS = 0.15;
const TOKEN_MS = 0.004;

/** What nets, features and memory take of a call, on the kernel's own thread. */
export const NETS_MS = 0.15;

/** What the encoder's thread takes of one text. */
export function encodeMs(prompt: string): Millis {
  return TEXT_MS + TOKEN_MS * Math.min(MOST_TOKENS, cutText(prompt).length / CHARACTERS_A_TOKEN);
}

/** A tick of `eccos`, and each pair of a pending call and a core that it looks at: 6.5 ms for 256 calls on 12 cores. */
const TICK_MS = 0.15;
const PAIR_MS = 0.002;
/** Most pending calls that one tick looks at. */
const MOST_CALLS = 256;
/** A tick of a policy that predicts nothing, or looks at each call once. */
const PLAIN_TICK_MS = 0.005;

/** What one decision takes, on the kernel's own thread. @param policy its name */
export function decideMs(policy: string, pending: number, cores: number): Millis {
  return policy === 'eccos' ? TICK_MS + PAIR_MS * Math.min(MOST_CALLS, pending) * cores : PLAIN_TICK_MS;
}
