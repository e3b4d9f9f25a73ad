import { SyscallError } from '../../syscalls/errors.js';
import type { ChatChunk, ChatParams, ChatReply } from '../../syscalls/llm-chat.js';
import { onAbort } from '../../syscalls/on-abort.js';
import type { SyscallId } from '../../syscalls/syscall.js';
import type { Connection, RequestListener } from './client-connection.js';
import type { Platform } from './platform.js';

/** One `llm.chat` on its way: it ends once, by its reply or because its caller lost interest. */
export class ChatCall {
  readonly reply: Promise<ChatReply>;
  readonly #signal: AbortSignal | undefined;
  readonly #platform: Platform;
  #connection: Connection | undefined;
  #syscallId: SyscallId | undefined;
  #isOpen = true;
  #stopListening: (() => void) | undefined;
  #reject: (error: SyscallError) => void = () => {};

  /**
   * @param connect where to send it, as soon as that is there. A call with a key is sent again on the next connection when one is lost
   * @param signal abandons the call
   */
  constructor(
    connect: () => Promise<Connection>,
    params: ChatParams,
    options: {
      readonly platform: Platform;
      readonly signal?: AbortSignal | undefined;
      readonly onChunk?: (chunk: ChatChunk) => void;
    },
  ) {
    this.#signal = options.signal;
    this.#platform = options.platform;
    this.reply = new Promise((resolve, reject) => {
      this.#reject = reject;
      this.#send(connect, params, options.onChunk).then(resolve, reject);
    });
    this.reply.then(this.#settled, this.#settled);
    if (this.#signal?.aborted) this.#onAbort();
    else this.#stopListening = this.#signal && onAbort(this.#signal, this.#onAbort);
  }

  /**
   * Rejects the reply with `error` and has the kernel cancel the syscall, as soon as its id is known. A call that has
   * ended stays as it is.
   */
  abandon(error: SyscallError): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#reject(error);
    this.#cancel();
  }

  async #send(
    connect: () => Promise<Connection>,
    params: ChatParams,
    onChunk: ((chunk: ChatChunk) => void) | undefined,
  ): Promise<ChatReply> {
    let from: ChatParams['from'];
    const listener: RequestListener = {
      accepted: (syscallId) => {
        this.#syscallId = syscallId;
        if (!this.#isOpen) this.#cancel();
      },
      chunk: (chunk) => {
        const { attempt, offset, text } = chunk;
        from = { attempt, offset: offset + text.length };
        if (this.#isOpen) onChunk?.(chunk);
      },
    };
    for (;;) {
      const connection = await connect();
      if (!this.#isOpen) throw new SyscallError('cancelled', 'Cancelled before it was sent');
      this.#connection = connection;
      try {
        return await connection.request('llm.chat', from === undefined ? params : { ...params, from }, listener);
      } catch (error) {
        // A kernel that shuts down ends the connection, and the next one, or another node, goes on with calls that have a key.
        const isOver = connection.isLost || SyscallError.from(error).code === 'draining';
        if (params.idempotencyKey === undefined || !isOver || !this.#isOpen) throw error;
        // Before that there is no next one.
        await connection.ended;
      }
    }
  }

  /** Whether the kernel still could cancel it changes nothing for the caller, who has its answer. */
  #cancel(): void {
    if (this.#connection === undefined || this.#syscallId === undefined) return;
    const sent = this.#connection.request('syscall.cancel', { syscallId: this.#syscallId });
    sent.catch((error: SyscallError) => this.#cancelLater(error));
  }

  /** Many aborts at once can pass the rate limit, and a call that is never cancelled goes on to cost. */
  #cancelLater({ retryAfterMs }: SyscallError): void {
    if (retryAfterMs === undefined) return;
    this.#platform.after(retryAfterMs * (1 + this.#platform.random()), () => this.#cancel());
  }

  readonly #onAbort = () => {
    this.abandon(new SyscallError('cancelled', 'The signal was aborted', { cause: this.#signal?.reason }));
  };

  readonly #settled = () => {
    this.#isOpen = false;
    this.#stopListening?.();
  };
}
