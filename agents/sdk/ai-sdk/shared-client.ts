import { type Client, type ConnectOptions, connect } from '../client.js';
import { realPlatform } from '../platform.js';

/**
 * One connection for all calls of a provider. It is made for the first call, and closed when there was none for a
 * while, so that a script can end; the next call makes another, and so does
 * one after the process was killed or the kernel has shut down.
 */
export class SharedClient {
  readonly #options: ConnectOptions & { readonly url: string };
  readonly #idleMs: number;
  #client: Promise<Client> | undefined;
  #users = 0;
  #cancelClose = () => {};

  /** @param idleMs milliseconds after the last call */
  constructor(options: ConnectOptions & { readonly url: string }, idleMs: number) {
    this.#options = options;
    this.#idleMs = idleMs;
  }

  get url(): string {
    return this.#options.url;
  }

  /** The connection, for a user who says when it is done with. */
  async take(): Promise<Client> {
    this.#cancelClose();
    this.#users++;
    try {
      const known = this.#client;
      if ((await known)?.isEnded && this.#client === known) this.#client = undefined;
      this.#client ??= connect(this.#options);
      return await this.#client;
    } catch (error) {
      this.#client = undefined;
      this.release();
      throw error;
    }
  }

  release(): void {
    this.#users--;
    if (this.#users > 0 || this.#client === undefined) return;
    const { platform = realPlatform } = this.#options;
    this.#cancelClose = platform.after(this.#idleMs, () => void this.close());
  }

  /** Ends open calls. Idempotent; a later call connects again. */
  async close(): Promise<void> {
    this.#cancelClose();
    const client = this.#client;
    this.#client = undefined;
    await client?.then(
      (open) => open.close(),
      () => {},
    );
  }
}
