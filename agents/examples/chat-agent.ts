import { Agent, type ChatSettings, type RunOptions } from '../sdk/agent.js';
import type { Client } from '../sdk/client.js';

export interface ChatAgentOptions {
  /** The system prompt: what the model receives before everything else. @default nothing */
  readonly system?: string;
  readonly chat?: ChatSettings;
}

/** Talks with a model: each task is one turn, and the model sees all turns before it. */
export class ChatAgent extends Agent {
  readonly #system: string | undefined;

  constructor(client: Client, { system, chat }: ChatAgentOptions = {}) {
    super(client, chat);
    this.#system = system;
  }

  override async run(task: string, options?: RunOptions): Promise<string> {
    const isFirst = this.history.length === 0;
    const opening = isFirst && this.#system !== undefined ? [{ role: 'system' as const, content: this.#system }] : [];
    const { text } = await this.chat([...opening, { role: 'user', content: task }], options);
    return text;
  }
}
