import { type BudgetPeriod, type ByPeriod, periodAt } from '../../syscalls/budget.js';
import { SyscallError } from '../../syscalls/errors.js';
import type { ChatParams } from '../../syscalls/llm-chat.js';
import type { Millis, SyscallId } from '../../syscalls/syscall.js';
import type { JournalFigures } from '../../syscalls/watch.js';
import {
  type Ended,
  type Found,
  type Journal,
  type JournalEntry,
  NotWritten,
  type Restored,
  type StoredCall,
  type Wanted,
} from '../call/journal.js';
import type { StoredStart } from '../capacity/capacity.js';
import type { Clock } from '../clock.js';
import { GroupCommit } from '../journal/group-commit.js';
import type { JournalRow } from '../journal/journal-file.js';
import { rowOf } from '../journal/row-of.js';
import type { Logger } from '../log.js';
import { PolicyState } from './policy-state.js';
import { KnownScript, openStore, type Store, type StoreOptions } from './redis-store.js';
import { COMMIT, LEFT } from './scripts.js';
import { Seat } from './seat.js';
import { StoreRoom } from './store-room.js';

export interface ClusterOptions extends StoreOptions {
  /** How long the seat stays with a node that does not answer. */
  readonly leaseMs: Millis;
  readonly keepMs: Millis;
  readonly prompts: 'keep' | 'drop';
}

interface RedisJournalDeps {
  readonly options: ClusterOptions;
  /** Unique name of this node. */
  readonly node: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where other nodes ask the cores. */
  readonly spread?: Spread | undefined;
}

/** A node whose work is spread, as the journal sees it. */
export interface Spread {
  /** The node holds the seat. @returns those calls whose last request goes on */
  onSeat(open: readonly StoredCall[], epoch: number): Promise<ReadonlySet<SyscallId>>;
  /** `run` is called when another node has left the seat. */
  onFree(run: () => void): void;
}

const WRITE = new KnownScript(COMMIT);
/** Pids that one holder of the seat may give out before those of the next one begin. */
const PIDS_AN_EPOCH = 1_000_000;
/** Calls that are read in one round trip. */
const CALLS_A_READ = 500;
/** Clocks of nodes that differ by more make deadlines early or late. */
const CLOCK_SKEW_MS = 1000;

/**
 * A journal in Redis, which outlives the machine. `restore` waits until this node holds the seat, so that a second kernel on the
 * same Redis is its standby.
 */
export class RedisJournal implements Journal {
  readonly #deps: RedisJournalDeps;
  readonly #prefix: string;
  readonly #group: GroupCommit;
  readonly #lost = new AbortController();
  #redis: Store | undefined;
  #policyState: PolicyState | undefined;
  #seat: Seat | undefined;
  #room: StoreRoom | undefined;
  #epoch = 0;
  #closed: Promise<void> | undefined;

  constructor(deps: RedisJournalDeps) {
    this.#deps = deps;
    this.#prefix = `{${deps.options.prefix}}:`;
    const { clock, log } = deps;
    this.#group = new GroupCommit({ commit: (rows) => this.#commit(rows), clock, log });
  }

  get isShared(): boolean {
    return this.#deps.spread !== undefined;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async restore(now: Millis): Promise<Restored> {
    const { options, node, env, clock, log } = this.#deps;
    const redis = await openStore(options, env, log);
    if (this.#closed !== undefined) {
      redis.disconnect();
      throw new SyscallError('draining', 'The journal was closed before it was read');
    }
    this.#redis = redis;
    const seat = new Seat({ redis, prefix: this.#prefix, node, leaseMs: options.leaseMs, clock, log });
    this.#seat = seat;
    seat.lost.addEventListener('abort', () => this.#lost.abort(), { once: true });
    this.#deps.spread?.onFree(() => seat.hurry());
    this.#epoch = await seat.take();
    this.#room = new StoreRoom(redis, clock);
    this.#policyState = new PolicyState(redis, this.#prefix, this.#epoch);
    return this.#left(redis, now);
  }

  append(entry: JournalEntry): Promise<void> {
    if (entry.type === 'accepted' && this.#room?.isFull) {
      return Promise.reject(new NotWritten('The memory of Redis is nearly full'));
    }
    return this.#group.append(rowOf(entry));
  }

  /** @throws SyscallError `busy` while Redis does not answer */
  async find(wanted: Wanted): Promise<Found | undefined> {
    const redis = this.#redis as Store;
    try {
      const id = 'id' in wanted ? wanted.id : await redis.get(`${this.#prefix}key:${wanted.owner} ${wanted.key}`);
      return id === null ? undefined : foundOf(await redis.hgetall(`${this.#prefix}call:${id}`));
    } catch (cause) {
      throw new SyscallError('busy', 'storage: the journal could not be read', { cause, retryAfterMs: 1000 });
    }
  }

  figures(): JournalFigures {
    return this.#group.figures;
  }

  async learnt(policy: string): Promise<Uint8Array | undefined> {
    return this.#policyState?.read(policy);
  }

  async keepLearnt(policy: string, snapshot: Uint8Array): Promise<void> {
    await this.#policyState?.write(policy, snapshot);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#group.close();
    this.#room?.close();
    await this.#seat?.leave();
    this.#redis?.disconnect();
  }

  async #commit(rows: readonly JournalRow[]): Promise<undefined> {
    const { keepMs, prompts } = this.#deps.options;
    const redis = this.#redis as Store;
    try {
      await WRITE.run(redis, this.#prefix, [this.#epoch, keepMs, prompts, ...rows.flatMap(argsOf)]);
    } catch (error) {
      if ((error as Error).message.includes('FENCED')) this.#lost.abort();
      throw error;
    }
  }

  async #left(redis: Store, readAt: Millis): Promise<Restored> {
    const { clock, log, spread } = this.#deps;
    // Other nodes may have ended calls since `readAt`: what counts is when the seat was taken.
    const now = Math.max(readAt, clock.now());
    const [ids, scored, spent, time, ofDay, ofMonth, tries] = (await redis.eval(
      LEFT,
      1,
      this.#prefix,
      nameOf('day', now),
      nameOf('month', now),
    )) as [SyscallId[], string[], string[], string, string[], string[], string[]];
    const ahead = Number(time) - now;
    if (Math.abs(ahead) > CLOCK_SKEW_MS) {
      log.warn({ aheadMs: ahead }, 'the clock of Redis differs: deadlines of calls that this node takes over shift');
    }
    // Where the requests themselves go on, no slot is taken by one that nobody follows.
    const isOpen = new Set(spread === undefined ? ids : []);
    const open = await this.#callsOf(redis, ids, new Map(pairs(tries)));
    return {
      firstPid: (this.#epoch - 1) * PIDS_AN_EPOCH + 1,
      open,
      ...(spread === undefined ? {} : { running: await spread.onSeat(open, this.#epoch) }),
      starts: pairs(scored).map(([start, at]) => startOf(start, Number(at) - ahead, isOpen)),
      spentUsd: new Map(pairs(spent).map(([owner, usd]) => [owner, Number(usd)])),
      spentUsdBy: spentBy(ofDay, ofMonth),
    };
  }

  async #callsOf(
    redis: Store,
    ids: readonly SyscallId[],
    tries: ReadonlyMap<SyscallId, string>,
  ): Promise<StoredCall[]> {
    const calls: StoredCall[] = [];
    for (let at = 0; at < ids.length; at += CALLS_A_READ) {
      const some = ids.slice(at, at + CALLS_A_READ).map((id) => redis.hgetall(`${this.#prefix}call:${id}`));
      for (const hash of await Promise.all(some)) {
        const call = foundOf(hash)?.call;
        if (call !== undefined) calls.push({ ...call, ...triesOf(tries.get(call.id)) });
      }
    }
    return calls;
  }
}

type Hash = Readonly<Record<string, string>>;

/** A fact as its type, how many values it has, and these. */
function argsOf(row: JournalRow): readonly (string | number)[] {
  switch (row.type) {
    case 'accepted': {
      const { call, body } = row;
      return [row.type, 3, call.id, JSON.stringify(call), body];
    }
    case 'started':
      return [row.type, 4, row.id, row.attempt, row.core, row.tokens];
    case 'ended': {
      const { type, id, owner, key = '', body, ...end } = row;
      const periods = [nameOf('day', end.at), nameOf('month', end.at)];
      return [type, 8, id, owner, key, JSON.stringify(end), body, end.costUsd, ...periods];
    }
    case 'rated':
      return [row.type, 2, row.id, row.quality];
  }
}

function foundOf({ call, params, end, reply, rated }: Hash): Found | undefined {
  if (call === undefined || params === undefined) return undefined;
  const { budgetUsd, ...known } = JSON.parse(call) as Omit<StoredCall, 'budgetUsd'> & { budgetUsd: number | null };
  const stored: StoredCall = {
    ...known,
    // JSON has no infinity.
    budgetUsd: budgetUsd ?? Number.POSITIVE_INFINITY,
    params: JSON.parse(params) as ChatParams,
    attempts: 0,
  };
  if (end === undefined || reply === undefined) return { call: stored };
  const ended = JSON.parse(end) as Omit<Ended, 'end' | 'rated'>;
  return {
    call: stored,
    ended: {
      ...ended,
      rated: rated === undefined ? undefined : Number(rated),
      end: JSON.parse(reply) as Ended['end'],
    },
  };
}

/** How often an open call was started, and where last. */
function triesOf(text: string | undefined): Pick<StoredCall, 'attempts' | 'lastCore'> | undefined {
  if (text === undefined) return undefined;
  const [attempts, ...core] = text.split(' ');
  return { attempts: Number(attempts), lastCore: core.join(' ') };
}

function startOf(text: string, at: Millis, isOpen: ReadonlySet<SyscallId>): StoredStart {
  const [id = '', , tokens = '0', ...core] = text.split(' ');
  return { core: core.join(' '), at, tokens: Number(tokens), isOpen: isOpen.has(id) };
}

/** The name of the period that holds a moment. */
function nameOf(per: BudgetPeriod, at: Millis): string {
  return `${per}:${periodAt(per, at).start}`;
}

function spentBy(ofDay: readonly string[], ofMonth: readonly string[]): ReadonlyMap<string, ByPeriod<number>> {
  const day = new Map(pairs(ofDay));
  return new Map(
    pairs(ofMonth).map(([owner, usd]) => [owner, { day: Number(day.get(owner) ?? 0), month: Number(usd) }]),
  );
}

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, n) => [flat[2 * n] as string, flat[2 * n + 1] as string]);
}
