import { SyscallError } from '../../syscalls/errors.js';
import { Agent, type ChatSettings, type RunOptions } from '../sdk/agent.js';
import type { Client } from '../sdk/client.js';
import { ChatAgent } from './chat-agent.js';
import { splitText } from './split-text.js';

/** Longest text before a colon that is taken as the instruction, in characters. */
const MAX_INSTRUCTION = 500;

export interface MapReduceOptions {
  /** Most pieces that the text is cut into: one child each. @default 4 */
  readonly parts?: number;
  /** Most children at a time. @default 4 */
  readonly concurrency?: number;
  readonly chat?: ChatSettings;
}

/**
 * Cuts a text into parts, has a child work on each, and puts their answers together. A task is `INSTRUCTION: TEXT`;
 * a task without a colon is a text that is to be summarised.
 */
export class MapReduceAgent extends Agent {
  readonly #parts: number;
  readonly #concurrency: number;
  readonly #settings: ChatSettings;

  /** @throws SyscallError `invalid-params` for `parts` or `concurrency` below 1 */
  constructor(client: Client, { parts = 4, concurrency = 4, chat = {} }: MapReduceOptions = {}) {
    super(client, chat);
    this.#parts = positive('parts', parts);
    this.#concurrency = positive('concurrency', concurrency);
    this.#settings = chat;
  }

  /** The first child that fails ends the others. Only the text of the last call goes to `onDelta`. */
  override async run(task: string, options: RunOptions = {}): Promise<string> {
    const { instruction, text } = readTask(task);
    const pieces = splitText(text, this.#parts);
    const failed = new AbortController();
    const signal = AbortSignal.any([failed.signal, ...(options.signal === undefined ? [] : [options.signal])]);
    const found: string[] = new Array(pieces.length);
    const next = pieces.entries();
    const work = async () => {
      for (const [index, piece] of next) {
        if (signal.aborted) return;
        const prompt = `${instruction}\n\nThis is part ${index + 1} of ${pieces.length}:\n\n${piece}`;
        found[index] = await this.#map(index, prompt, { ...options, signal, onDelta: undefined });
      }
    };
    const workers = Math.min(this.#concurrency, pieces.length);
    await Promise.all(Array.from({ length: workers }, () => work().catch((error) => failed.abort(error))));
    failed.signal.throwIfAborted();
    const answers = found.map((answer, index) => `Part ${index + 1}:\n${answer}`).join('\n\n');
    const question = `${instruction}\n\nThe text was worked on in parts. Make one answer of these:\n\n${answers}`;
    return (await this.chat([{ role: 'user', content: question }], options)).text;
  }

  async #map(index: number, prompt: string, options: RunOptions): Promise<string> {
    const make = (client: Client) => new ChatAgent(client, { chat: this.#settings });
    const child = await this.spawn(`${this.name}/${index + 1}`, make);
    try {
      return await child.run(prompt, options);
    } finally {
      await this.reap(child);
    }
  }
}

function positive(name: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new SyscallError('invalid-params', `${name}: expected a whole number from 1 and up, got ${value}`);
}

function readTask(task: string): { readonly instruction: string; readonly text: string } {
  const colon = task.indexOf(':');
  const rest = task.slice(colon + 1).trim();
  if (colon < 1 || colon > MAX_INSTRUCTION || rest === '') return { instruction: 'Summarise this text.', text: task };
  return { instruction: task.slice(0, colon).trim(), text: rest };
}
