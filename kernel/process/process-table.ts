import { SyscallError } from '../../syscalls/errors.js';
import type { HelloParams } from '../../syscalls/hello.js';
import type { Millis, Pid } from '../../syscalls/syscall.js';
import type { Call } from '../call/call.js';
import type { Outbox } from '../doors/session.js';
import type { Principal } from './principal.js';

/** What all processes of one token use together, over the life of the kernel. */
export interface Account {
  /** Syscalls that are not final. */
  open: number;
  costUsd: number;
}

/** One connected agent. */
export interface Process {
  readonly pid: Pid;
  readonly name: string;
  /** Who started it; when that one goes, its own parent takes over. */
  parent: Process | undefined;
  readonly children: Set<Process>;
  readonly principal: Principal;
  readonly account: Account;
  readonly tenant: string;
  readonly outbox: Outbox;
  readonly connectedAt: Millis;
  /** Its syscalls that are not final, oldest first. */
  readonly open: Set<Call>;
  finished: number;
  costUsd: number;
  /** False once it is out of the table: it makes no syscalls any more. */
  alive: boolean;
}

/** All live processes. A pid is never used twice. */
export class ProcessTable {
  readonly #processes = new Map<Pid, Process>();
  readonly #accounts = new Map<string, Account>();
  readonly #maxAgents: () => number;
  #lastPid = 0;

  /** @param maxAgents most processes at once; asked each time, since a reload may change it */
  constructor(maxAgents: () => number) {
    this.#maxAgents = maxAgents;
  }

  get size(): number {
    return this.#processes.size;
  }

  /**
   * Makes a process.
   *
   * @throws SyscallError `busy` when the table is full, `not-found` for a parent that is not a live process of the same token
   */
  spawn(hello: HelloParams, principal: Principal, outbox: Outbox, connectedAt: Millis): Process {
    if (this.#processes.size >= this.#maxAgents()) {
      throw new SyscallError('busy', `maxAgents: at most ${this.#maxAgents()} agents at once`, { retryAfterMs: 1000 });
    }
    const { name, parent: parentPid } = hello;
    const parent = parentPid === undefined ? undefined : this.#processes.get(parentPid);
    if (parentPid !== undefined && parent?.principal.name !== principal.name) {
      throw new SyscallError('not-found', `params.parent: expected a live process of yours, got ${parentPid}`);
    }
    const process: Process = {
      pid: ++this.#lastPid,
      name,
      parent,
      children: new Set(),
      principal,
      account: this.#account(principal.name),
      tenant: principal.tenant ?? hello.tenant ?? principal.name,
      outbox,
      connectedAt,
      open: new Set(),
      finished: 0,
      costUsd: 0,
      alive: true,
    };
    parent?.children.add(process);
    this.#processes.set(process.pid, process);
    return process;
  }

  /** Takes the process out of the table. Idempotent. */
  remove(process: Process): void {
    if (!process.alive) return;
    process.alive = false;
    const { parent, children } = process;
    parent?.children.delete(process);
    for (const child of children) {
      child.parent = parent;
      parent?.children.add(child);
    }
    children.clear();
    this.#processes.delete(process.pid);
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

  #account(name: string): Account {
    const account = this.#accounts.get(name) ?? { open: 0, costUsd: 0 };
    this.#accounts.set(name, account);
    return account;
  }
}

function sees(principal: Principal, process: Process): boolean {
  return principal.operator || principal.name === process.principal.name;
}
