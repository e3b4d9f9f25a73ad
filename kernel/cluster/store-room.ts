import type { Millis } from '../../syscalls/syscall.js';
import type { Clock } from '../clock.js';
import type { Store } from './redis-store.js';

const LOOK_MS: Millis = 1000;
/** Share of `maxmemory` from which on no call is taken in: those that are open still need room for their ends. */
const FULL_SHARE = 0.8;

/** Whether the memory of Redis has room for new calls. */
export class StoreRoom {
  readonly #redis: Store;
  readonly #clock: Clock;
  #isFull = false;
  #cancelTimer = () => {};

  constructor(redis: Store, clock: Clock) {
    this.#redis = redis;
    this.#clock = clock;
    void this.#look();
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  /** Idempotent. */
  close(): void {
    this.#cancelTimer();
    this.#cancelTimer = () => {};
  }

  async #look(): Promise<void> {
    this.#cancelTimer = this.#clock.after(LOOK_MS, () => void this.#look());
    const info = await this.#redis.info('memory').catch(() => '');
    const read = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
    const most = read('maxmemory');
    this.#isFull = most > 0 && read('used_memory') >= FULL_SHARE * most;
  }
}
