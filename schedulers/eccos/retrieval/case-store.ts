import { createHash } from 'node:crypto';
import { SyscallError } from '../../../syscalls/errors.js';
import { partyOf } from '../../party.js';
import type { Estimate, PublishedEstimate } from './estimate.js';
import type { Outcome } from './outcome-column.js';
import { Partition, type Point } from './partition.js';

/** Whose calls, and of what task: calls of one pair are never compared with those of another. Any text is a name. */
export interface PartitionName {
  readonly tenant: string;
  /** Undefined: the calls that name no task. */
  readonly task: string | undefined;
}

export interface StoreLimits {
  /** @default 10000 */
  readonly pointsPerPartition?: number;
  /** All partitions together; also the bound of one. @default 50000 */
  readonly points?: number;
  /** @default 1000 */
  readonly partitions?: number;
}

/** What the partition of a call knows. */
export interface Retrieved {
  /** Texts rated in the partition; 0 where it is unknown. */
  readonly points: number;
  /** One a model asked for, in order; undefined: no call of the model was rated in the partition. */
  readonly estimates: readonly (Estimate | undefined)[];
}

/** How far a vector's squared length may be from 1: encoders compute in 32 or fewer bits. */
const LENGTH_TOLERANCE = 1e-3;

/**
 * Rated calls of the past, by tenant and task, and what the similar ones among them say of a new call.
 *
 * Bounded: a full partition forgets the text rated longest ago, a full store, of the party that fills most of it, the
 * partition that was used (rated in or asked) longest ago: many tenants of one party push out their own. Memory: two copies of a
 * vector a point and its links in the graph, 4.5 KB with 512 dimensions, so 0.22 GB for 50,000 points.
 */
export class CaseStore {
  /** The encoder whose vectors these are: those of another mean something else. */
  readonly encoder: string;
  readonly dimensions: number;
  readonly #limits: Required<StoreLimits>;
  /** By digest of the name, used longest ago first. */
  readonly #partitions = new Map<string, Partition>();
  #points = 0;

  constructor(encoder: string, dimensions: number, limits: StoreLimits = {}) {
    const { pointsPerPartition = 10_000, points = 50_000, partitions = 1000 } = limits;
    this.encoder = encoder;
    this.dimensions = dimensions;
    this.#limits = { pointsPerPartition: Math.min(pointsPerPartition, points), points, partitions };
  }

  /** Texts held. */
  get points(): number {
    return this.#points;
  }

  /**
   * Remembers an outcome. The same text rated for another model becomes one point with two outcomes; rated again for the
   * same model, the new outcome replaces the old one.
   *
   * @param text is hashed and forgotten
   * @param vector the unit vector that the encoder gave for the text; it is copied
   * @throws SyscallError `internal` for a vector that is no unit vector of `dimensions`, a score outside 0 to 1, or tokens
   * that are no count
   */
  insert(name: PartitionName, text: string, vector: Float32Array, model: string, outcome: Outcome): void {
    const { score, outputTokens } = outcome;
    this.#check(vector);
    if (!(score >= 0 && score <= 1)) throw refused('score', 'a number from 0 to 1', score);
    if (!(Number.isInteger(outputTokens) && outputTokens >= 0 && outputTokens < 2 ** 32))
      throw refused('outputTokens', 'an integer from 0 to 2^32 - 1', outputTokens);
    const id = partitionId(name);
    this.#change(id, (partition) => partition.insert(digest(name.tenant, name.task, text), vector, model, outcome));
  }

  /**
   * What similar calls of the same tenant and task say about a call on each model.
   *
   * @throws SyscallError `internal` for a vector that is no unit vector of `dimensions`
   */
  estimate(name: PartitionName, vector: Float32Array, models: readonly string[]): Retrieved {
    const partition = this.#ask(name, vector);
    const estimates = partition?.estimate(vector, models) ?? models.map(() => undefined);
    return { points: partition?.size ?? 0, estimates };
  }

  /** The published baseline for each model, see `publishedEstimate`; undefined where the partition is unknown. */
  published(
    name: PartitionName,
    vector: Float32Array,
    models: readonly string[],
  ): readonly PublishedEstimate[] | undefined {
    return this.#ask(name, vector)?.published(vector, models);
  }

  /** Partitions by the digest of their name, used longest ago first. */
  partitions(): readonly (readonly [id: string, partition: Partition])[] {
    return [...this.#partitions];
  }

  /** Adds a saved partition as the one used last; of more points than it may have, those rated longest ago are left out. */
  restore(id: string, points: Iterable<Point>): void {
    this.#change(id, (partition) => partition.restore(points));
  }

  #ask(name: PartitionName, vector: Float32Array): Partition | undefined {
    this.#check(vector);
    const id = partitionId(name);
    const partition = this.#partitions.get(id);
    if (partition !== undefined) this.#use(id, partition);
    return partition;
  }

  #change(id: string, write: (partition: Partition) => void): void {
    const partition = this.#partitions.get(id) ?? new Partition(this.dimensions, this.#limits.pointsPerPartition);
    this.#use(id, partition);
    const before = partition.size;
    write(partition);
    this.#points += partition.size - before;
    while (this.#points > this.#limits.points) this.#forgetOf(this.#largestParty(({ size }) => size));
    while (this.#partitions.size > this.#limits.partitions) this.#forgetOf(this.#largestParty(() => 1));
  }

  #largestParty(sizeOf: (partition: Partition) => number): string {
    const sizes = new Map<string, number>();
    for (const [id, partition] of this.#partitions) {
      const party = partyIn(id);
      sizes.set(party, (sizes.get(party) ?? 0) + sizeOf(partition));
    }
    return [...sizes].reduce((most, one) => (one[1] > most[1] ? one : most))[0];
  }

  #forgetOf(party: string): void {
    for (const [oldest, { size }] of this.#partitions) {
      if (partyIn(oldest) !== party) continue;
      this.#partitions.delete(oldest);
      this.#points -= size;
      return;
    }
  }

  #use(id: string, partition: Partition): void {
    this.#partitions.delete(id);
    this.#partitions.set(id, partition);
  }

  #check(vector: Float32Array): void {
    if (vector.length !== this.dimensions) throw refused('vector', `${this.dimensions} numbers`, vector.length);
    const length = vector.reduce((sum, value) => sum + value * value, 0);
    if (!(Math.abs(length - 1) <= LENGTH_TOLERANCE))
      throw refused('vector', 'finite and of length 1', `length ${Math.sqrt(length)}`);
  }
}

function partitionId({ tenant, task }: PartitionName): string {
  return `${digest(partyOf(tenant))}-${digest(tenant, task)}`;
}

/** Digest of the party. */
function partyIn(id: string): string {
  return id.slice(0, id.indexOf('-'));
}

/** 128 bits of SHA-256 in hex: names and texts of any length become keys of one size. Who guesses a text can confirm it, not read it. */
function digest(...parts: readonly (string | undefined)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

function refused(field: string, rule: string, value: number | string): SyscallError {
  return new SyscallError('internal', `Expected the \`${field}\` of a rated or asked call to be ${rule}, got ${value}`);
}
