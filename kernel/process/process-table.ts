import { SyscallError } from '../../syscalls/errors.js';
import type { HelloParams } from '../../syscalls/hello.js';
import type { Millis, Pid } from '../../syscalls/syscall.js';
import type { Caller } from './caller.js';
import { type Principal, tenantOf } from './principal.js';
import { Returns } from './returns.js';
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

/** A child tries again after so long while its parent has not come back. */
const PARENT_RETRY_MS = 500;

/** All live processes. A pid is never used twice. */
export class ProcessTable {
  readonly #processes = new Map<Pid, Process>();
  /** By the name of the token. */
  readonly #counts = new Map<string, number>();
  readonly #maxAgents: () => number;
  readonly #tokens: () => number;
  readonly #returns: Returns;
  #lastPid = 0;

  /**
   * @param maxAgents most processes at once @param tokens that the kernel knows @param returnMs how long a process that was lost
   * may take to come back. All are asked each time, since a reload may change them
   */
  constructor(maxAgents: () => number, tokens = () => 1, returnMs: () => Millis = () => 0) {
    this.#maxAgents = maxAgents;
    this.#tokens = tokens;
    this.#returns = new Returns(returnMs);
  }

  get size(): number {
    return this.#processes.size;
  }

  /**
   * Makes a process.
   *
   * @throws SyscallError `busy` when the table is full, or for a parent that was lost and may come back; `not-found` for a parent
   * that is not a live process of the same token
   */
  spawn(hello: HelloParams, scope: Principal, onEnd: Process['onEnd'], connectedAt: Millis): Process {
    this.#checkRoom(scope.name);
    const { name, was } = hello;
    const parent = hello.parent === undefined ? undefined : this.#parentOf(scope.name, hello.parent, connectedAt);
    const pid = ++this.#lastPid;
    const process: Process = {
      pid,
      program: parent?.program ?? pid,
      tenant: tenantOf(scope, hello.tenant),
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
    if (was !== undefined) this.#isBack(process, was);
    return process;
  }

  #parentOf(owner: string, pid: Pid, now: Millis): Process {
    const latest = this.#returns.latest(owner, pid);
    const parent = this.#processes.get(latest);
    if (parent?.principal === owner) return parent;
    if (this.#returns.mayCome(owner, latest, now)) {
      throw new SyscallError('busy', `params.parent: process ${latest} was lost and has not come back yet`, {
        retryAfterMs: PARENT_RETRY_MS,
      });
    }
    throw new SyscallError('not-found', `params.parent: expected a live process of yours, got ${pid}`);
  }

  /** It has its children again that are still there. */
  #isBack(process: Process, was: Pid): void {
    if (was === process.pid) return;
    for (const child of this.#returns.come(process.principal, was, process.pid)) {
      if (this.#processes.get(child.pid) === child && !descends(process, child)) adopt(child, process);
    }
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
  beginAt(firstPid: Pid, now: Millis): void {
    this.#lastPid = firstPid - 1;
    this.#returns.beginAt(firstPid, now);
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

  /** The connection of a process was lost: it may come back with another pid. Idempotent. */
  lose(process: Process, now: Millis): void {
    if (this.#processes.get(process.pid) === process) this.#returns.lose(process, now);
    this.remove(process);
  }

  /** Takes the process out of the table. Its children go to what it has come back as, or to its parent. Idempotent. */
  remove(process: Process): void {
    if (!this.#processes.delete(process.pid)) return;
    const left = this.countOf(process.principal) - 1;
    if (left > 0) this.#counts.set(process.principal, left);
    else this.#counts.delete(process.principal);
    const { pid, principal, parent, children } = process;
    parent?.children.delete(process);
    const heir = this.#processes.get(this.#returns.latest(principal, pid)) ?? parent;
    for (const child of [...children]) adopt(child, descends(heir, child) ? parent : heir);
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

function adopt(child: Process, parent: Process | undefined): void {
  child.parent?.children.delete(child);
  child.parent = parent;
  parent?.children.add(child);
}

/** Whether a process is this ancestor or descends from it. */
function descends(process: Process | undefined, ancestor: Process): boolean {
  for (let above = process; above !== undefined; above = above.parent) if (above === ancestor) return true;
  return false;
}

/** Whether a principal may see and touch what belongs to a caller: its own, or everything for an operator. */
export function sees({ name, operator }: Principal, { principal }: Caller): boolean {
  return operator || name === principal;
}
