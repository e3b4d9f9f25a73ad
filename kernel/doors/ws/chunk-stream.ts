import type { Millis, SyscallId } from '../../../syscalls/syscall.js';
import type { Clock } from '../../clock.js';
import type { Outbox } from '../session.js';

/**
 * The text of one streamed answer on its way to the agent: the first piece at once, later ones gathered for some
 * milliseconds, since each message costs far more than a token. Holds back while the reader is slow.
 */
export class ChunkStream {
  readonly #syscallId: SyscallId;
  readonly #outbox: Outbox;
  readonly #clock: Clock;
  readonly #gatherMs: Millis;
  #seq = 0;
  #text = '';
  #restart = false;
  #cancelTimer: (() => void) | undefined;

  constructor(syscallId: SyscallId, outbox: Outbox, clock: Clock, gatherMs: Millis) {
    this.#syscallId = syscallId;
    this.#outbox = outbox;
    this.#clock = clock;
    this.#gatherMs = gatherMs;
  }

  push(text: string): void {
    this.#text += text;
    if (this.#cancelTimer === undefined) this.#send();
  }

  /** The answer starts anew: what was sent is void. */
  restart(): void {
    this.#text = '';
    this.#restart = this.#seq > 0;
  }

  /** Sends what is held, unless the reader is still slow. */
  flush(): void {
    if (this.#text !== '' && this.#cancelTimer === undefined) this.#send();
  }

  /** The call ends. Of a whole answer the rest goes out now, before the reply; of any other nothing comes any more. */
  end(isWhole: boolean): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    // A slow reader gets the rest with the reply, which holds the whole text anyway.
    if (isWhole && this.#text !== '' && !this.#outbox.isSlow()) this.#notify();
  }

  #send(): void {
    if (this.#outbox.isSlow()) return;
    this.#notify();
    this.#cancelTimer = this.#clock.after(this.#gatherMs, () => {
      this.#cancelTimer = undefined;
      this.flush();
    });
  }

  #notify(): void {
    const params = { syscallId: this.#syscallId, seq: this.#seq++, text: this.#text };
    this.#text = '';
    this.#outbox.notify({ method: 'llm.chunk', params: this.#restart ? { ...params, restart: true } : params });
    this.#restart = false;
  }
}
