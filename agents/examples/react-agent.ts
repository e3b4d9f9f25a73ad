import type { ChatMessage } from '../../syscalls/chat-message.js';
import { SyscallError } from '../../syscalls/errors.js';
import { Agent, type ChatSettings, type RunOptions } from '../sdk/agent.js';
import type { Client } from '../sdk/client.js';
import { answerToolCall, type Tool } from './tool.js';

const SYSTEM =
  'Solve the task step by step. Use the tools where they help; when you know the answer, say it in plain text.';

export interface ReactAgentOptions {
  readonly tools: readonly Tool[];
  /** Most answers of the model for one task. @default 10 */
  readonly maxSteps?: number;
  readonly chat?: ChatSettings;
}

/** Reason and act: the model says which tool it needs, this agent runs it and hands back the result, until there is an answer. */
export class ReactAgent extends Agent {
  readonly #tools: readonly Tool[];
  readonly #maxSteps: number;
  /** Results that the model has not seen: a run that ends early leaves them to the next, for every tool call needs its result. */
  #results: readonly ChatMessage[] = [];

  constructor(client: Client, { tools, maxSteps = 10, chat }: ReactAgentOptions) {
    super(client, { ...chat, tools: tools.map(({ definition }) => definition) });
    this.#tools = tools;
    this.#maxSteps = maxSteps;
  }

  /** @throws SyscallError `budget-exhausted` when there is no answer after `maxSteps` */
  override async run(task: string, options?: RunOptions): Promise<string> {
    const opening: ChatMessage[] = this.history.length === 0 ? [{ role: 'system', content: SYSTEM }] : [];
    let messages: readonly ChatMessage[] = [...opening, ...this.#results, { role: 'user', content: task }];
    for (let step = 0; step < this.#maxSteps; step++) {
      const { text, toolCalls } = await this.chat(messages, options);
      messages = this.#results = await Promise.all(toolCalls.map((call) => answerToolCall(this.#tools, call)));
      if (messages.length === 0) return text;
    }
    throw new SyscallError('budget-exhausted', `maxSteps: expected an answer within ${this.#maxSteps} steps, got none`);
  }
}
