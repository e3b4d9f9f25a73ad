import { SyscallError } from '../../syscalls/errors.js';
import type { HelloParams } from '../../syscalls/hello.js';
import type { Millis, Pid } from '../../syscalls/syscall.js';
import type { Caller } from './caller.js';
import { type Principal, tenantOf } from './principal.js';
import { shareOf } from './share.js';

/** Why a process ends from the kernel's side. */
export type EndReason = 'killed' | 'draining';

/** One agent. It may ask over several connections, or over none for a while. */
export interface Process extends Caller {
  readonly name: string;
  /** Who started it; when that one goes, its own parent takes over. */
  parent: Process | undefined;
  readonly children: Set<Process>;
  /** What its token allows. */
  readonly scope: Principal;
  /** Notifies its door that the kernel has ended it. */
  readonly onEnd: (reason: EndReason) => void;
  readonly connectedAt: Millis;
  /** Syscalls that have ended, and what they cost in US dollars. */
  finished: number;
  costUsd: number;
}

/** All live processes. A pid is never used twice. */
export class ProcessTable {
  readonly #processes = new Map<Pid, Process>();
  /** By the name of the token. */
  readonly #counts = new Map<string, number>();
  readonly #maxAgents: () => number;
  readonly #tokens: () => number;
  /** Processes whose parent is known and has not come back yet, by its pid. */
  readonly #awaiting = new Map<Pid, Process[]>();
  #lastPid = 0;

  /** @param maxAgents most processes at once @param tokens that the kernel knows. Both are asked each time, since a reload may change them */
  constructor(maxAgents: () => number, tokens = () => 1) {
    this.#maxAgents = maxAgents;
    this.#tokens = tokens;
  }

  get size(): number {
    return this.#processes.size;
  }

  /**
   * Makes a process.
   *
   * @param known who it is, where an earlier kernel has made it: there is room for it, and its parent may come later
   * @throws SyscallError `busy` when the table is full, `not-found` for a parent that is not a live process of the same token
   */
  spawn(hello: HelloParams, scope: Principal, onEnd: Process['onEnd'], connectedAt: Millis, known?: Caller): Process {
    if (known === undefined) this.#checkRoom(scope.name);
    const { name, parent: parentPid } = hello;
    const parent = parentPid === undefined ? undefined : this.#processes.get(parentPid);
    if (known === undefined && parentPid !== undefined && parent?.principal !== scope.name) {
      throw new SyscallError('not-found', `params.parent: expected a live process of yours, got ${parentPid}`);
    }
    const pid = known?.pid ?? ++this.#lastPid;
    const process: Process = {
      pid,
      program: known?.program ?? parent?.program ?? pid,
      tenant: known?.tenant ?? tenantOf(scope, hello.tenant),
      principal: scope.name,
      name,
      parent,
      children: new Set(),
      scope,
      onEnd,
      connectedAt,
      finished: 0,
      costUsd: 0,
    };
    parent?.children.add(process);
    this.#processes.set(process.pid, process);
    this.#counts.set(scope.name, this.countOf(scope.name) + 1);
    if (known !== undefined) this.#rejoin(process, parentPid);
    return process;
  }

  /** It comes back after or before its parent and its children. */
  #rejoin(process: Process, parentPid: Pid | undefined): void {
    if (process.parent === undefined && parentPid !== undefined) {
      this.#awaiting.set(parentPid, [...(this.#awaiting.get(parentPid) ?? []), process]);
    }
    for (const child of this.#awaiting.get(process.pid) ?? []) {
      if (this.#processes.get(child.pid) !== child) continue;
      child.parent = process;
      process.children.add(child);
    }
    this.#awaiting.delete(process.pid);
  }

  #checkRoom(principal: string): void {
    const maxAgents = this.#maxAgents();
    const { size } = this.#processes;
    const share = Math.floor(shareOf(maxAgents, size, this.#tokens()));
    const refuse = (rule: string) => new SyscallError('busy', `maxAgents: ${rule} at once`, { retryAfterMs: 1000 });
    if (size >= maxAgents) throw refuse(`at most ${maxAgents} agents`);
    if (this.countOf(principal) >= share) throw refuse(`at most ${share} agents of one token for now`);
  }

  /** Earlier pids were given out by a kernel that is gone. */
  beginAt(firstPid: Pid): void {
    this.#lastPid = firstPid - 1;
  }

  get(pid: Pid): Process | undefined {
    return this.#processes.get(pid);
  }

  /** @throws SyscallError `disconnected` for a process that has ended */
  live({ pid }: Caller): Process {
    const process = this.#processes.get(pid);
    if (process === undefined) throw new SyscallError('disconnected', 'The process has ended');
    return process;
  }

  /** Takes the process out of the table. Idempotent. */
  remove(process: Process): void {
    if (!this.#processes.delete(process.pid)) return;
    const left = this.countOf(process.principal) - 1;
    if (left > 0) this.#counts.set(process.principal, left);
    else this.#counts.delete(process.principal);
    const { parent, children } = process;
    parent?.children.delete(process);
    for (const child of children) {
      child.parent = parent;
      parent?.children.add(child);
    }
    children.clear();
  }

  /** How many a token has. */
  countOf(principal: string): number {
    return this.#counts.get(principal) ?? 0;
  }

  /**
   * The processes that this principal may see, by pid, as many as fit a page.
   *
   * @param after pid after which the page begins
   * @returns `next`: the last pid of the page, where more come after it
   */
  pageFor(principal: Principal, after: Pid, most: number): { readonly page: Process[]; readonly next?: Pid } {
    const page: Process[] = [];
    for (const process of this.#processes.values()) {
      if (process.pid <= after || !sees(principal, process)) continue;
      if (page.length === most) return { page, next: page.at(-1)?.pid as Pid };
      page.push(process);
    }
    return { page };
  }

  /** The processes that this principal may see: its own, or all of them for an operator. */
  visibleTo(principal: Principal): Process[] {
    return [...this.#processes.values()].filter((process) => sees(principal, process));
  }

  /**
   * A process and all that descend from it, parents first.
   *
   * @throws SyscallError `not-found` for a pid that is not alive or not the principal's to see
   */
  subtree(pid: Pid, principal: Principal): Process[] {
    const root = this.#processes.get(pid);
    if (root === undefined || !sees(principal, root)) {
      throw new SyscallError('not-found', `params.pid: expected a live process of yours, got ${pid}`);
    }
    const tree = [root];
    for (const process of tree) tree.push(...process.children);
    return tree;
  }

  all(): Process[] {
    return [...this.#processes.values()];
  }
}

/** Whether a principal may see and touch what belongs to a caller: its own, or everything for an operator. */
export function sees({ name, operator }: Principal, { principal }: Caller): boolean {
  return operator || name === principal;
}
