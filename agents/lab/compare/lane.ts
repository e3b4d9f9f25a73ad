import type { Match } from './match.js';
import { playSeed, type SeedPlan, type SeedResult } from './seed-play.js';

/** Seeds that several lanes play: each takes the next one that no other has taken. In shared memory, so that threads may be lanes. */
export class SeedTurns {
  readonly cells: Int32Array<ArrayBufferLike>;
  readonly #seeds: number;

  /** @param seeds that there are: 1, 2, 3 ... @param cells of another one that shares these seeds @default a first one's */
  constructor(
    seeds: number,
    cells: Int32Array<ArrayBufferLike> = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)),
  ) {
    this.#seeds = seeds;
    this.cells = cells;
  }

  /** Undefined: all are taken. */
  take(): number | undefined {
    const seed = Atomics.add(this.cells, 0, 1) + 1;
    return seed > this.#seeds ? undefined : seed;
  }
}

/** Receives what a lane does. */
export interface LaneWatcher {
  /** One more call has ended. What it throws ends the lane. */
  onCall(): void;
  onSeed(result: SeedResult): void;
}

/** Seeds whose prompts are encoded while one is played: an encoder that waits for the next one leaves a core idle. */
const AHEAD = 2;

/** Plays seeds one after the other until all are taken. @param ahead seeds that it takes before their turn */
export async function playLane(
  match: Match,
  plan: SeedPlan,
  turns: SeedTurns,
  watcher: LaneWatcher,
  ahead = AHEAD,
): Promise<void> {
  const taken: number[] = [];
  const take = () => {
    const seed = turns.take();
    if (seed === undefined) return;
    match.load(seed, 1);
    taken.push(seed);
  };
  for (let n = 0; n < ahead; n++) take();
  for (take(); taken.length > 0; take()) {
    const seed = taken.shift() as number;
    watcher.onSeed(await playSeed(match, plan, seed, () => watcher.onCall()));
  }
}
