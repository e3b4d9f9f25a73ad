import type { ChatReply } from '../../syscalls/llm-chat.js';
import type { CoreId } from '../../syscalls/syscall.js';
import { Agent, type ChatSettings, type RunOptions } from '../sdk/agent.js';
import type { Client } from '../sdk/client.js';

/** What the verifier found of one answer. */
export interface Verdict {
  readonly reply: ChatReply;
  readonly verdict: 'yes' | 'no' | 'unsure';
}

export interface VerifierOptions {
  /** Most answers that are tried; each on a core that has not answered yet. @default 3 */
  readonly tries?: number;
  /** Of the calls that answer. */
  readonly chat?: ChatSettings;
  /** Of the calls that check. */
  readonly judge?: ChatSettings;
}

const FORMAT = {
  type: 'json_schema',
  json_schema: {
    name: 'verdict',
    strict: true,
    schema: {
      type: 'object',
      properties: { verdict: { enum: ['unsure', 'yes', 'no'] } },
      required: ['verdict'],
      additionalProperties: false,
    },
  },
} as const;

/**
 * Has a child answer, has a model check the answer, and rates it, so that policies learn which core is good at what.
 * An answer that is found wrong is tried again elsewhere.
 */
export class VerifierAgent extends Agent {
  readonly #tries: number;
  readonly #chat: ChatSettings;
  readonly #judge: ChatSettings;
  #verdicts: readonly Verdict[] = [];

  constructor(client: Client, { tries = 3, chat = {}, judge = {} }: VerifierOptions = {}) {
    super(client);
    this.#tries = tries;
    this.#chat = chat;
    this.#judge = judge;
  }

  /** Every answer of the last task and what was found of it, oldest first. */
  get verdicts(): readonly Verdict[] {
    return this.#verdicts;
  }

  /** @returns the first answer that is not found wrong, else the last one */
  override async run(task: string, options: RunOptions = {}): Promise<string> {
    this.#verdicts = [];
    let cores = this.#chat.cores ?? this.cores;
    for (let left = this.#tries; ; left--) {
      const reply = await this.#answer(task, cores, options);
      const verdict = await this.#check(task, reply.text, options);
      this.#verdicts = [...this.#verdicts, { reply, verdict }];
      if (verdict !== 'unsure') await this.rate(reply.syscallId, verdict === 'yes' ? 1 : 0);
      cores = cores.filter((core) => core !== reply.core);
      if (verdict !== 'no' || left <= 1 || cores.length === 0) return reply.text;
    }
  }

  #answer(task: string, cores: readonly CoreId[], options: RunOptions): Promise<ChatReply> {
    return this.#ask('worker', task, { ...this.#chat, cores: [...cores] }, options);
  }

  async #check(task: string, answer: string, { signal, onReply }: RunOptions): Promise<Verdict['verdict']> {
    const question = `Is this answer right: yes, no or unsure?\nQuestion:\n${task}\nAnswer:\n${answer}`;
    const settings = { ...this.#judge, responseFormat: FORMAT };
    return verdictIn((await this.#ask('judge', question, settings, { signal, onReply })).text);
  }

  /** A child of its own each time: one that remembers what it said would stand by it. */
  async #ask(role: string, question: string, settings: ChatSettings, options: RunOptions): Promise<ChatReply> {
    const child = await this.spawn(`${this.name}/${role}`, (client) => new OneQuestion(client, settings));
    try {
      return await child.run(question, options);
    } finally {
      await this.reap(child);
    }
  }
}

class OneQuestion extends Agent<ChatReply> {
  override run(question: string, options?: RunOptions): Promise<ChatReply> {
    return this.chat([{ role: 'user', content: question }], options);
  }
}

/** What a model says in another form is no verdict. */
function verdictIn(text: string): Verdict['verdict'] {
  try {
    const { verdict } = JSON.parse(text) as { verdict?: unknown };
    return verdict === 'yes' || verdict === 'no' ? verdict : 'unsure';
  } catch {
    return 'unsure';
  }
}
