import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import type { Store } from './redis-store.js';

interface BusOptions {
  readonly redis: Store;
  readonly prefix: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Messages of one turn of the loop go as one, up to so many. */
const MOST = 500;

type Listener = (message: never) => void;

/**
 * Messages between nodes, at most once: who sends one must notice by other means when it has not come. Those to this node itself
 * take no way through Redis.
 */
export class Bus {
  readonly #options: BusOptions;
  readonly #reader: Store;
  readonly #listeners = new Map<string, Listener>();
  /** Channels that nobody else reads. */
  readonly #own = new Set<string>();
  #waiting = new Map<string, unknown[]>();

  constructor(options: BusOptions) {
    this.#options = options;
    this.#reader = options.redis.duplicate({
      autoResubscribe: true,
      enableOfflineQueue: true,
      commandTimeout: undefined,
    });
    this.#reader.on('error', () => {});
    this.#reader.on('message', (channel: string, text: string) => this.#hand(channel, JSON.parse(text) as unknown[]));
  }

  /**
   * Settles when nothing that is sent from now on is missed, as long as Redis is there.
   *
   * @param who `this`: no other node reads the channel
   */
  async listen<Message>(
    name: string,
    listener: (message: Message) => void,
    who: 'this' | 'all' = 'all',
  ): Promise<void> {
    const channel = this.#options.prefix + name;
    this.#listeners.set(channel, listener as Listener);
    if (who === 'this') this.#own.add(channel);
    await this.#reader.subscribe(channel);
  }

  /** Idempotent. */
  leave(name: string): void {
    const channel = this.#options.prefix + name;
    if (this.#listeners.delete(channel)) this.#reader.unsubscribe(channel).catch(() => {});
  }

  /** Runs after each time that messages may have been missed. */
  onGap(run: () => void): void {
    let wasReady = false;
    this.#reader.on('ready', () => {
      if (wasReady) run();
      wasReady = true;
    });
  }

  send<Message>(name: string, message: Message): void {
    const channel = this.#options.prefix + name;
    const waiting = this.#waiting.get(channel);
    if (waiting !== undefined) waiting.push(message);
    else {
      if (this.#waiting.size === 0) this.#options.clock.after(0, () => this.#flush());
      this.#waiting.set(channel, [message]);
    }
  }

  /** Sends what waits. Idempotent. */
  async close(): Promise<void> {
    await this.#flush();
    this.#reader.disconnect();
  }

  async #flush(): Promise<void> {
    const all = this.#waiting;
    this.#waiting = new Map();
    const { redis } = this.#options;
    for (const [channel, messages] of all) if (this.#own.has(channel)) this.#hand(channel, messages);
    const others = [...all].filter(([channel]) => !this.#own.has(channel));
    const sent = others.flatMap(([channel, messages]) =>
      Array.from({ length: Math.ceil(messages.length / MOST) }, (_, n) =>
        redis.publish(channel, JSON.stringify(messages.slice(n * MOST, (n + 1) * MOST))),
      ),
    );
    await Promise.allSettled(sent);
  }

  #hand(channel: string, messages: readonly unknown[]): void {
    const { log } = this.#options;
    const listener = this.#listeners.get(channel) as ((message: unknown) => void) | undefined;
    if (listener === undefined) return;
    for (const message of messages) {
      try {
        listener(message);
      } catch (error) {
        log.error({ err: error, channel }, 'a message of another node was not understood');
      }
    }
  }
}
