import { SyscallError } from '../../../syscalls/errors.js';
import { PROTOCOL_VERSION } from '../../../syscalls/hello.js';
import type { CoreId, Millis, Pid } from '../../../syscalls/syscall.js';
import type { Clock } from '../../clock.js';
import type { KernelLimits } from '../../config/limits.js';
import type { Entered, Gate } from '../../gate.js';
import type { Caller } from '../../process/caller.js';
import type { Principal } from '../../process/principal.js';

/** An agent that asks over HTTP: a process that outlives its requests. */
export interface HttpAgent {
  readonly caller: Caller;
  /** Cores that its token may use, in config order. */
  readonly cores: ReadonlySet<CoreId>;
}

interface Entry extends HttpAgent {
  readonly key: string;
  /** Its key in `#named`. */
  readonly named: string;
  readonly principal: Principal;
  readonly parent: Entry | undefined;
  /** Requests that are open, and agents below it. */
  uses: number;
  idleSince: Millis;
}

interface HttpAgentsDeps {
  readonly gate: Gate;
  readonly clock: Clock;
  readonly limits: () => KernelLimits;
}

/** A process for each token, name of an agent and parent. It goes when nothing has been heard of it for `httpAgentMs`. */
export class HttpAgents {
  readonly #deps: HttpAgentsDeps;
  readonly #entries = new Map<string, Entry>();
  /** Those that are not processes yet. */
  readonly #entering = new Map<string, Promise<Entry>>();
  /** The last one that came, of each token and name. */
  readonly #named = new Map<string, Entry>();
  /** Nobody uses them; the longest idle first. */
  readonly #idle = new Set<Entry>();
  #cancelTimer: (() => void) | undefined;

  constructor(deps: HttpAgentsDeps) {
    this.#deps = deps;
  }

  /**
   * The agent of this name, until `release`.
   *
   * @param parent pid of a live process of the token, or name of an agent over HTTP
   * @throws SyscallError `busy`; `not-found` for a pid that is no live process of the token
   */
  async use(principal: Principal, name: string, parent: string | undefined): Promise<HttpAgent> {
    return this.#use(principal, name, await this.#parentOf(principal, parent));
  }

  /** A request of the agent has ended. */
  release(agent: HttpAgent): void {
    this.#unuse(agent as Entry);
  }

  /** Ends the agents of tokens that are no longer valid. */
  keep(isValid: (principal: Principal) => boolean): void {
    for (const entry of [...this.#entries.values()]) if (!isValid(entry.principal)) this.#leave(entry);
  }

  /** Ends all of them. Idempotent. */
  close(): void {
    this.keep(() => false);
    this.#cancelTimer?.();
  }

  async #use(principal: Principal, name: string, parent: Entry | Pid | undefined): Promise<Entry> {
    const pid = typeof parent === 'object' ? parent.caller.pid : parent;
    const key = `${principal.name}\n${pid ?? ''}\n${name}`;
    const known = this.#entries.get(key);
    // Of a token that was changed.
    if (known !== undefined && known.principal !== principal) this.#leave(known);
    const entry = this.#entries.get(key) ?? (await this.#once(key, () => this.#enter(principal, name, key, parent)));
    entry.uses++;
    this.#idle.delete(entry);
    return entry;
  }

  /** Requests that come together wait for one process. */
  #once(key: string, enter: () => Promise<Entry>): Promise<Entry> {
    const known = this.#entering.get(key);
    if (known !== undefined) return known;
    const entering = enter().finally(() => this.#entering.delete(key));
    this.#entering.set(key, entering);
    return entering;
  }

  async #parentOf(principal: Principal, parent: string | undefined): Promise<Entry | Pid | undefined> {
    if (parent === undefined) return undefined;
    if (/^\d+$/.test(parent)) return Number(parent);
    const known = this.#named.get(`${principal.name}\n${parent}`);
    if (known?.principal === principal) return known;
    const entry = await this.#use(principal, parent, undefined);
    this.#unuse(entry);
    return entry;
  }

  async #enter(principal: Principal, name: string, key: string, parent: Entry | Pid | undefined): Promise<Entry> {
    const above = typeof parent === 'object' ? parent : undefined;
    const pid = above?.caller.pid ?? (parent as Pid | undefined);
    const hello = { protocol: PROTOCOL_VERSION, name, ...(pid === undefined ? {} : { parent: pid }) };
    // The parent is in use by its child, so that it is not evicted to make room for it.
    if (above !== undefined) this.#hold(above);
    try {
      const { caller, reply } = await this.#roomFor(principal, hello, () => this.#forget(entry));
      const ids = reply.cores.map(({ id }) => id).filter((id) => principal.cores?.includes(id) !== false);
      const named = `${principal.name}\n${name}`;
      const entry: Entry = { key, named, principal, parent: above, caller, cores: new Set(ids), uses: 0, idleSince: 0 };
      this.#entries.set(key, entry);
      this.#named.set(named, entry);
      return entry;
    } catch (error) {
      if (above !== undefined) this.#unuse(above);
      throw error;
    }
  }

  /** Where the table of processes is full, the agent that was idle for longest makes room. */
  async #roomFor(principal: Principal, hello: object, onEnd: () => void): Promise<Entered> {
    const { gate } = this.#deps;
    try {
      return await gate.enter(principal, hello, onEnd);
    } catch (error) {
      const [oldest] = this.#idle;
      if (oldest === undefined || !(error instanceof SyscallError) || error.code !== 'busy') throw error;
      this.#leave(oldest);
      return gate.enter(principal, hello, onEnd);
    }
  }

  #hold(entry: Entry): void {
    entry.uses++;
    this.#idle.delete(entry);
  }

  #unuse(entry: Entry): void {
    entry.uses--;
    if (entry.uses > 0 || this.#entries.get(entry.key) !== entry) return;
    entry.idleSince = this.#deps.clock.now();
    this.#idle.add(entry);
    this.#cancelTimer ??= this.#later(this.#deps.limits().httpAgentMs);
  }

  #later(ms: Millis): () => void {
    return this.#deps.clock.after(ms, () => {
      this.#cancelTimer = undefined;
      const now = this.#deps.clock.now();
      const { httpAgentMs } = this.#deps.limits();
      for (const entry of this.#idle) {
        const leftMs = entry.idleSince + httpAgentMs - now;
        // A timer may be early by less than a millisecond.
        if (leftMs < 1) this.#leave(entry);
        else {
          this.#cancelTimer = this.#later(leftMs);
          break;
        }
      }
    });
  }

  #leave(entry: Entry): void {
    this.#forget(entry);
    this.#deps.gate.leave(entry.caller, 'lose');
  }

  /** The process has ended. */
  #forget(entry: Entry): void {
    if (this.#entries.get(entry.key) !== entry) return;
    this.#entries.delete(entry.key);
    if (this.#named.get(entry.named) === entry) this.#named.delete(entry.named);
    this.#idle.delete(entry);
    if (entry.parent !== undefined) this.#unuse(entry.parent);
  }
}
