import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import type { Store } from './redis-store.js';

interface BusOptions {
  readonly redis: Store;
  readonly prefix: string;
  /** Unique name of this node. */
  readonly node: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Messages of one turn of the loop go as one, up to so many. */
const MOST = 500;
/** Longer ones wait in a key: Redis cuts readers for whom very much waits. Nobody reads the key after so long. */
const LONG = 2 ** 20;
const LONG_S = 60;

type Listener = (message: never) => void;

/**
 * Messages between nodes, at most once: who sends one must notice by other means when it has not come. Those to this node itself
 * take no way through Redis.
 */
export class Bus {
  readonly #options: BusOptions;
  readonly #reader: Store;
  readonly #listeners = new Map<string, Set<Listener>>();
  /** Channels that nobody else reads. */
  readonly #own = new Set<string>();
  #waiting = new Map<string, unknown[]>();
  #long = 0;
  /** Settles when the long messages that have come are read. */
  #fetching: Promise<void> | undefined;

  constructor(options: BusOptions) {
    this.#options = options;
    this.#reader = options.redis.duplicate({
      autoResubscribe: true,
      enableOfflineQueue: true,
      commandTimeout: undefined,
    });
    this.#reader.on('error', () => {});
    this.#reader.on('message', (channel: string, text: string) => this.#read(channel, text));
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
    const known = this.#listeners.get(channel);
    if (known !== undefined) {
      known.add(listener as Listener);
      return;
    }
    this.#listeners.set(channel, new Set([listener as Listener]));
    if (who === 'this') this.#own.add(channel);
    await this.#reader.subscribe(channel);
  }

  /** Idempotent. */
  leave<Message>(name: string, listener: (message: Message) => void): void {
    const channel = this.#options.prefix + name;
    const known = this.#listeners.get(channel);
    known?.delete(listener as Listener);
    if (known?.size !== 0) return;
    this.#listeners.delete(channel);
    this.#reader.unsubscribe(channel).catch(() => {});
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
    for (const [channel, messages] of all) if (this.#own.has(channel)) this.#hand(channel, messages);
    const others = [...all].filter(([channel]) => !this.#own.has(channel));
    const sent = others.flatMap(([channel, messages]) =>
      Array.from({ length: Math.ceil(messages.length / MOST) }, (_, n) =>
        this.#publish(channel, JSON.stringify(messages.slice(n * MOST, (n + 1) * MOST))),
      ),
    );
    await Promise.allSettled(sent);
  }

  async #publish(channel: string, json: string): Promise<void> {
    const { redis, prefix, node } = this.#options;
    if (json.length <= LONG) {
      await redis.publish(channel, json);
      return;
    }
    const key = `${prefix}long:${node}-${this.#long++}`;
    const kept = redis.set(key, json, 'EX', LONG_S);
    await Promise.all([kept, redis.publish(channel, JSON.stringify(key))]);
  }

  /** Messages keep their order, also behind a long one that has to be fetched. */
  #read(channel: string, text: string): void {
    const read = JSON.parse(text) as unknown[] | string;
    if (typeof read !== 'string' && this.#fetching === undefined) {
      this.#hand(channel, read);
      return;
    }
    const fetching = (this.#fetching ?? Promise.resolve()).then(async () => {
      const json = typeof read === 'string' ? await this.#options.redis.get(read).catch(() => null) : undefined;
      if (json !== null)
        this.#hand(channel, json === undefined ? (read as unknown[]) : (JSON.parse(json) as unknown[]));
      if (this.#fetching === fetching) this.#fetching = undefined;
    });
    this.#fetching = fetching;
  }

  #hand(channel: string, messages: readonly unknown[]): void {
    const { log } = this.#options;
    for (const message of messages) {
      for (const listener of [...(this.#listeners.get(channel) ?? [])]) {
        try {
          (listener as (message: unknown) => void)(message);
        } catch (error) {
          log.error({ err: error, channel }, 'a message of another node was not understood');
        }
      }
    }
  }
}
