import { SyscallError } from '../../syscalls/errors.js';
import type { ChatParams, ChatReply } from '../../syscalls/llm-chat.js';
import type { FinalState, Millis, Pid, SyscallId } from '../../syscalls/syscall.js';
import type { CallSink } from '../call-sink.js';
import type { Clock } from '../clock.js';
import type { Held, Unread } from '../process/held.js';
import type { Call } from './call.js';
import { FairMemory } from './fair-memory.js';
import { type Follower, Followers, type Outcome, resume } from './followers.js';
import type { Journal } from './journal.js';

/** Connections that may follow one call. */
const MOST_FOLLOWERS = 4;
/** Ended calls whose replies memory holds, and their characters; the journal, if there is one, knows more. */
const MOST_ENDED = { count: 10_000, size: 2 ** 26 } as const;
/** Of a reply beside its text. */
const SIZE_OF_ANY = 1000;

/** A call that nobody follows. */
interface Orphan extends Unread {
  /** When it ends. */
  readonly endsAt: Millis;
  /** Somebody follows it, or it has ended. */
  readonly over: () => void;
}

/** A call that is open. */
interface Entry {
  readonly call: Call;
  readonly fingerprint: string;
  readonly followers: Set<Follower>;
  /** While nobody follows it. */
  orphan: Orphan | undefined;
}

/** A call that has ended: kept by the thousand, so no more of it than a repeat needs. */
interface EndedEntry {
  readonly id: SyscallId;
  readonly owner: string;
  readonly fingerprint: string;
  readonly outcome: Outcome;
  /** Characters. */
  readonly size: number;
}

interface KeyedDeps {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly held: Held;
  /** Ends a call that nobody has followed for too long. */
  readonly abandon: (call: Call, error: SyscallError) => void;
  readonly orphanMs: () => Millis;
}

/** Who asks, and how. */
export interface Asking {
  readonly pid: Pid;
  readonly owner: string;
  readonly params: ChatParams;
  readonly fingerprint: string;
  readonly sink: CallSink | undefined;
  /** The request goes; the call goes on. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Calls that have a key: a repeat of the request is the same call. Such a call outlives its connections: when nobody has
 * followed it for `limits.orphanMs`, it ends. A key whose call ended with an error that a repeat can mend is free again.
 */
export class KeyedCalls {
  readonly #deps: KeyedDeps;
  readonly #open = new Map<string, Entry>();
  readonly #ended = new FairMemory<EndedEntry>(() => MOST_ENDED);
  /** Open calls by the processes that follow them. */
  readonly #byPid = new Map<Pid, Map<Follower, Entry>>();

  constructor(deps: KeyedDeps) {
    this.#deps = deps;
  }

  /**
   * Answers a request: by the call that has its key, else by a new one.
   *
   * @param start takes in a new call
   * @throws SyscallError `conflict` for a key of another request, `busy` for one that too many follow, and as the call ends
   */
  async answer(asking: Asking, start: () => Call): Promise<ChatReply> {
    const { owner, params, fingerprint } = asking;
    const key = params.idempotencyKey as string;
    const name = nameOf(owner, key);
    const known = this.#find(name) ?? (this.#deps.journal.find && (await this.#stored(name, owner, key)));
    // Somebody may have asked the same meanwhile.
    const entry = known ?? this.#find(name) ?? this.#add(name, start());
    if (entry.fingerprint !== fingerprint) {
      const id = 'call' in entry ? entry.call.id : entry.id;
      const message = `params.idempotencyKey: expected a new one for another request, got that of ${id}`;
      throw new SyscallError('conflict', message);
    }
    return 'call' in entry ? this.#follow(entry, asking) : repeat(entry, asking);
  }

  /** A call that an earlier kernel has left: nobody follows it yet. */
  adopt(call: Call, owner: string, key: string, fingerprint: string): void {
    this.#orphaned(this.#add(nameOf(owner, key), call, fingerprint));
  }

  /** A process leaves: its requests go, their calls go on. */
  leave(pid: Pid, error: SyscallError): void {
    for (const [follower, entry] of [...(this.#byPid.get(pid) ?? [])]) {
      this.#unfollow(entry, follower);
      follower.answer(error);
    }
  }

  /** When an open call ends because nobody follows it; undefined: somebody does, or it has no key. */
  endOf({ facts }: Call): Millis | undefined {
    const { params, caller } = facts;
    if (params.idempotencyKey === undefined) return undefined;
    return this.#open.get(nameOf(caller.principal, params.idempotencyKey))?.orphan?.endsAt;
  }

  #find(name: string): Entry | EndedEntry | undefined {
    return this.#open.get(name) ?? this.#ended.get(name);
  }

  /** What the journal knows of a call that has ended. */
  async #stored(name: string, owner: string, key: string): Promise<EndedEntry | undefined> {
    const found = await this.#deps.journal.find?.({ owner, key });
    if (found?.ended === undefined) return undefined;
    const outcome = 'message' in found.ended.end ? SyscallError.fromRpc(found.ended.end) : found.ended.end;
    if (!isLasting(outcome)) return undefined;
    const { id, fingerprint = '' } = found.call;
    const entry = endedEntry(id, owner, fingerprint, outcome);
    this.#ended.add(name, entry);
    return entry;
  }

  #add(name: string, call: Call, fingerprint = call.facts.fingerprint ?? ''): Entry {
    const entry: Entry = { call, fingerprint, followers: new Set(), orphan: undefined };
    this.#open.set(name, entry);
    call.sink = new Followers(entry.followers);
    void call.final.then((state) => this.#end(name, entry, state));
    return entry;
  }

  #end(name: string, { call, fingerprint, followers, orphan }: Entry, state: FinalState): void {
    const outcome = state.status === 'done' ? state.reply : state.error;
    orphan?.over();
    this.#open.delete(name);
    const { principal } = call.facts.caller;
    if (isLasting(outcome)) this.#ended.add(name, endedEntry(call.id, principal, fingerprint, outcome));
    for (const follower of followers) {
      this.#forget(follower);
      follower.answer(outcome);
    }
  }

  #follow(entry: Entry, { pid, sink, params, signal }: Asking): Promise<ChatReply> {
    const { call, followers } = entry;
    if (followers.size >= MOST_FOLLOWERS) {
      throw new SyscallError('busy', `idempotencyKey: ${MOST_FOLLOWERS} requests follow this call already`, {
        retryAfterMs: 1000,
      });
    }
    entry.orphan?.over();
    entry.orphan = undefined;
    return new Promise((resolve, reject) => {
      const follower: Follower = {
        pid,
        sink,
        streams: params.stream === true,
        isLate: call.state.times.started !== undefined,
        answer: (outcome) => {
          signal?.removeEventListener('abort', go);
          if (outcome instanceof SyscallError) reject(outcome);
          else resolve(outcome);
        },
      };
      const go = () => {
        this.#unfollow(entry, follower);
        follower.answer(new SyscallError('disconnected', 'The request was given up before the answer'));
      };
      followers.add(follower);
      const own = this.#byPid.get(pid) ?? new Map<Follower, Entry>();
      this.#byPid.set(pid, own.set(follower, entry));
      // Of a call that is not written down yet, all followers hear when it is.
      if (call.isAccepted) {
        sink?.accepted(call.id, call);
        if (params.stream) resume(sink, params.from, call.attempts, call.text);
      }
      signal?.addEventListener('abort', go, { once: true });
      if (signal?.aborted) go();
    });
  }

  #unfollow(entry: Entry, follower: Follower): void {
    entry.followers.delete(follower);
    this.#forget(follower);
    if (entry.followers.size === 0) this.#orphaned(entry);
  }

  #forget(follower: Follower): void {
    const own = this.#byPid.get(follower.pid);
    own?.delete(follower);
    if (own?.size === 0) this.#byPid.delete(follower.pid);
  }

  #orphaned(entry: Entry): void {
    const { clock, held, orphanMs, abandon } = this.#deps;
    const { call } = entry;
    const ms = orphanMs();
    const end = (why: string) => abandon(call, new SyscallError('disconnected', why));
    const cancelTimer = clock.after(ms, () => end(`orphanMs: nobody has followed the call for ${ms} ms`));
    const orphan: Orphan = {
      endsAt: clock.now() + ms,
      owner: call.facts.caller.principal,
      get unread() {
        return call.facts.size + call.text.length;
      },
      giveUp: () => end('pendingBytes: memory is full, and nobody follows the call'),
      over: () => {
        cancelTimer();
        held.goesOn(orphan);
      },
    };
    entry.orphan = orphan;
    held.stopped(orphan);
  }
}

const NO_ANSWER = { text: '' };

/** @throws SyscallError as the call ended */
function repeat({ id, outcome }: EndedEntry, { sink, params }: Asking): ChatReply {
  sink?.accepted(id, outcome instanceof SyscallError ? NO_ANSWER : outcome);
  if (outcome instanceof SyscallError) throw outcome;
  if (params.stream) resume(sink, params.from, outcome.attempts, outcome.text);
  return outcome;
}

function endedEntry(id: SyscallId, owner: string, fingerprint: string, outcome: Outcome): EndedEntry {
  const { length } = outcome instanceof SyscallError ? outcome.message : outcome.text;
  return { id, owner, fingerprint, outcome, size: SIZE_OF_ANY + length };
}

/** Whether the key stands for this end from now on: not for an error that a repeat can mend, now or when its time has come. */
function isLasting(outcome: Outcome): boolean {
  return !(outcome instanceof SyscallError) || (!outcome.retryable && outcome.retryAfterMs === undefined);
}

function nameOf(owner: string, key: string): string {
  return `${owner} ${key}`;
}
