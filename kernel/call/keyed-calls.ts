import { LRUCache } from 'lru-cache';
import { SyscallError } from '../../syscalls/errors.js';
import type { ChatParams, ChatReply } from '../../syscalls/llm-chat.js';
import type { FinalState, Millis, Pid, SyscallId } from '../../syscalls/syscall.js';
import type { CallSink } from '../call-sink.js';
import type { Clock } from '../clock.js';
import type { Call } from './call.js';
import { type Follower, Followers, resume } from './followers.js';
import type { Journal } from './journal.js';

/** Connections that may follow one call. */
const MOST_FOLLOWERS = 4;
/** Ended calls whose replies memory holds, and their characters; the journal, if there is one, knows more. */
const MOST_ENDED = 10_000;
const MOST_CHARACTERS = 2 ** 26;
/** Of a reply beside its text. */
const SIZE_OF_ANY = 1000;

/** What a request gets in the end. */
type Outcome = ChatReply | SyscallError;

interface Entry {
  readonly id: SyscallId;
  readonly fingerprint: string;
  readonly final: Promise<Outcome>;
  /** Undefined once it has ended. */
  call: Call | undefined;
  readonly followers: Set<Follower>;
  cancelTimer: (() => void) | undefined;
}

interface KeyedDeps {
  readonly clock: Clock;
  readonly journal: Journal;
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
  readonly #ended = new LRUCache<string, Entry & { readonly size: number }>({
    max: MOST_ENDED,
    maxSize: MOST_CHARACTERS,
    sizeCalculation: ({ size }) => size,
  });
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
    const { owner, params, fingerprint, sink } = asking;
    const key = params.idempotencyKey as string;
    const name = nameOf(owner, key);
    const known = this.#find(name) ?? (this.#deps.journal.find && (await this.#stored(name, owner, key)));
    // Somebody may have asked the same meanwhile.
    const entry = known ?? this.#find(name) ?? this.#add(name, start());
    if (entry.fingerprint !== fingerprint) {
      const message = `params.idempotencyKey: expected a new one for another request, got that of ${entry.id}`;
      throw new SyscallError('conflict', message);
    }
    const { call } = entry;
    const reply = call === undefined ? await this.#repeat(entry, asking) : await this.#follow(entry, call, asking);
    if (call === undefined && params.stream) resume(sink, params.from, reply.attempts, reply.text);
    return reply;
  }

  /** A call that an earlier kernel has left: nobody follows it yet. */
  adopt(call: Call, owner: string, key: string, fingerprint: string): void {
    this.#orphaned(this.#add(nameOf(owner, key), call, fingerprint), call);
  }

  /** A process leaves: its requests go, their calls go on. */
  leave(pid: Pid, error: SyscallError): void {
    for (const [follower, entry] of [...(this.#byPid.get(pid) ?? [])]) {
      this.#unfollow(entry, follower);
      follower.leave(error);
    }
  }

  #find(name: string): Entry | undefined {
    return this.#open.get(name) ?? this.#ended.get(name);
  }

  /** What the journal knows of a call that has ended. */
  async #stored(name: string, owner: string, key: string): Promise<Entry | undefined> {
    const found = await this.#deps.journal.find?.({ owner, key });
    if (found?.ended === undefined) return undefined;
    const outcome = 'message' in found.ended.end ? SyscallError.fromRpc(found.ended.end) : found.ended.end;
    if (!isLasting(outcome)) return undefined;
    const { id, fingerprint = '' } = found.call;
    const ended = { id, fingerprint, final: Promise.resolve(outcome), call: undefined };
    return this.#keep(name, { ...ended, followers: new Set(), cancelTimer: undefined }, outcome);
  }

  #add(name: string, call: Call, fingerprint = call.facts.fingerprint ?? ''): Entry {
    const entry: Entry = {
      ...{ id: call.id, fingerprint, final: call.final.then(outcomeOf), call },
      ...{ followers: new Set<Follower>(), cancelTimer: undefined },
    };
    this.#open.set(name, entry);
    call.sink = new Followers(entry.followers);
    void entry.final.then((outcome) => {
      entry.cancelTimer?.();
      entry.call = undefined;
      this.#open.delete(name);
      if (isLasting(outcome)) this.#keep(name, entry, outcome);
    });
    return entry;
  }

  #keep(name: string, entry: Entry, outcome: Outcome): Entry {
    const { length } = outcome instanceof SyscallError ? outcome.message : outcome.text;
    this.#ended.set(name, { ...entry, size: SIZE_OF_ANY + length });
    return entry;
  }

  async #repeat({ id, final }: Entry, { sink }: Asking): Promise<ChatReply> {
    sink?.accepted(id);
    return replyOf(await final);
  }

  #follow(entry: Entry, call: Call, { pid, sink, params, signal }: Asking): Promise<ChatReply> {
    if (entry.followers.size >= MOST_FOLLOWERS) {
      throw new SyscallError('busy', `idempotencyKey: ${MOST_FOLLOWERS} requests follow this call already`, {
        retryAfterMs: 1000,
      });
    }
    entry.cancelTimer?.();
    entry.cancelTimer = undefined;
    return new Promise((resolve, reject) => {
      const follower: Follower = {
        pid,
        sink,
        streams: params.stream === true,
        isLate: call.state.times.started !== undefined,
        leave: reject,
      };
      const go = () => {
        if (!entry.followers.has(follower)) return;
        this.#unfollow(entry, follower);
        reject(new SyscallError('disconnected', 'The request was given up before the answer'));
      };
      entry.followers.add(follower);
      const own = this.#byPid.get(pid) ?? new Map<Follower, Entry>();
      this.#byPid.set(pid, own.set(follower, entry));
      // Of a call that is not written down yet, all followers hear when it is.
      if (call.isAccepted) {
        sink?.accepted(call.id);
        if (params.stream) resume(sink, params.from, call.attempts, call.text);
      }
      signal?.addEventListener('abort', go, { once: true });
      void entry.final.then((outcome) => {
        signal?.removeEventListener('abort', go);
        this.#forget(follower, pid);
        if (outcome instanceof SyscallError) reject(outcome);
        else resolve(outcome);
      });
      if (signal?.aborted) go();
    });
  }

  #unfollow(entry: Entry, follower: Follower): void {
    entry.followers.delete(follower);
    this.#forget(follower, follower.pid);
    if (entry.followers.size === 0 && entry.call !== undefined) this.#orphaned(entry, entry.call);
  }

  #forget(follower: Follower, pid: Pid): void {
    const own = this.#byPid.get(pid);
    own?.delete(follower);
    if (own?.size === 0) this.#byPid.delete(pid);
  }

  #orphaned(entry: Entry, call: Call): void {
    const { clock, orphanMs, abandon } = this.#deps;
    const ms = orphanMs();
    entry.cancelTimer = clock.after(ms, () => {
      abandon(call, new SyscallError('disconnected', `orphanMs: nobody has followed the call for ${ms} ms`));
    });
  }
}

function outcomeOf(state: FinalState): Outcome {
  return state.status === 'done' ? state.reply : state.error;
}

/** @throws SyscallError as the call ended */
function replyOf(outcome: Outcome): ChatReply {
  if (outcome instanceof SyscallError) throw outcome;
  return outcome;
}

/** Whether the key stands for this end from now on: not for an error that a repeat can mend. */
function isLasting(outcome: Outcome): boolean {
  return !(outcome instanceof SyscallError) || !outcome.retryable;
}

function nameOf(owner: string, key: string): string {
  return `${owner} ${key}`;
}
