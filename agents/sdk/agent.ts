import { assistantMessage } from '../../syscalls/assistant-message.js';
import type { ChatMessage } from '../../syscalls/chat-message.js';
import { SyscallError } from '../../syscalls/errors.js';
import type { ChatParams, ChatReply } from '../../syscalls/llm-chat.js';
import type { CoreId, Pid, SyscallId } from '../../syscalls/syscall.js';
import type { ChatDelta, Client } from './client.js';

/** What every call of an agent carries beside its messages. */
export type ChatSettings = Omit<ChatParams, 'messages' | 'stream'>;

export interface RunOptions {
  /** Aborting it ends the run and cancels its open syscalls. */
  readonly signal?: AbortSignal | undefined;
  /** Gets the text of answers as it comes; without it, calls do not stream. */
  readonly onDelta?: ((delta: ChatDelta) => void) | undefined;
  /** Receives each whole answer: core, reason, usage, cost. */
  readonly onReply?: ((reply: ChatReply) => void) | undefined;
}

/**
 * A process of user space: what it says to models and what they answer is its memory, other processes are its children.
 * A new kind of agent is a subclass that implements `run`.
 */
export abstract class Agent<Answer = string> {
  readonly #client: Client;
  readonly #settings: ChatSettings;
  readonly #children = new Set<Agent<unknown>>();
  #isClosed = false;
  #history: readonly ChatMessage[] = [];

  /** @param client the agent's own, which it closes in the end */
  constructor(client: Client, settings: ChatSettings = {}) {
    this.#client = client;
    this.#settings = settings;
  }

  get name(): string {
    return this.#client.name;
  }

  get pid(): Pid {
    return this.#client.pid;
  }

  /** Cores of the kernel, in the order of its config. */
  protected get cores(): readonly CoreId[] {
    return this.#client.hello.cores.map(({ id }) => id);
  }

  /** Every message so far, oldest first. */
  get history(): readonly ChatMessage[] {
    return this.#history;
  }

  /** Does one task. @throws SyscallError */
  abstract run(task: string, options?: RunOptions): Promise<Answer>;

  /**
   * Starts a child: a process of its own with this one as parent, so that killing this one kills it too.
   *
   * @param make builds the agent on its client
   * @throws SyscallError; `cancelled` when this agent was closed meanwhile
   */
  async spawn<A extends Agent<unknown>>(name: string, make: (client: Client) => A): Promise<A> {
    const client = await this.#client.spawn(name);
    try {
      if (this.#isClosed) throw new SyscallError('cancelled', 'The agent was closed');
      const child = make(client);
      this.#children.add(child);
      return child;
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  /** Ends a child before this process ends. */
  protected async reap(child: Agent<unknown>): Promise<void> {
    await child.close();
    this.#children.delete(child);
  }

  /** Ends the children, then this process. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#children].map((child) => child.close()));
    await this.#client.close();
  }

  /**
   * Sends the history with `messages` after it; they and the answer become part of it. A call that fails leaves the
   * history as it was. One call at a time.
   */
  protected async chat(messages: readonly ChatMessage[], options: RunOptions = {}): Promise<ChatReply> {
    const said = [...this.#history, ...messages];
    const reply = await this.#send({ ...this.#settings, messages: said }, options);
    this.#history = [...said, assistantMessage(reply)];
    options.onReply?.(reply);
    return reply;
  }

  /** Says how good an answer was: 0 is wrong, 1 is right. @throws SyscallError as `Client.feedback` */
  protected rate(syscallId: SyscallId, quality: number): Promise<void> {
    return this.#client.feedback(syscallId, quality);
  }

  async #send(params: ChatParams, { signal, onDelta }: RunOptions): Promise<ChatReply> {
    if (onDelta === undefined) return this.#client.chat(params, { signal });
    const stream = this.#client.stream(params, { signal });
    for await (const delta of stream) onDelta(delta);
    return stream.reply;
  }
}
