import type { Millis, Pid } from '../../syscalls/syscall.js';
import { ROW_ID, type RowSection, WATCHABLE, type Watchable, type WatchParams } from '../../syscalls/watch.js';
import type { Clock } from '../clock.js';
import type { Principal } from '../process/principal.js';
import type { Process, ProcessTable } from '../process/process-table.js';
import type { Viewer } from '../viewer.js';
import { patchRows, type Row } from './patch.js';
import { ProcessFigures } from './process-figures.js';
import type { Sections } from './sections.js';

interface Watcher {
  readonly process: Process;
  readonly viewer: Viewer;
  /** The next view is a full one. */
  isNew: boolean;
}

export interface WatchersDeps {
  readonly clock: Clock;
  readonly processes: ProcessTable;
  readonly sections: Sections;
}

/** Sends views to all who watch: one is made a period for all who may see the same and want the same. Costs nothing while nobody does. */
export class Watchers {
  readonly #deps: WatchersDeps;
  readonly #process = new ProcessFigures();
  readonly #groups = new Map<string, Group>();

  constructor(deps: WatchersDeps) {
    this.#deps = deps;
  }

  /** A process has views sent, in place of those that it had before. The first one comes at once. */
  watch(process: Process, { everyMs, want }: WatchParams, viewer: Viewer): void {
    for (const group of this.#groups.values()) group.watchers.delete(process.pid);
    const { name, operator } = process.scope;
    const sections = WATCHABLE.filter((section) => want.includes(section));
    const key = JSON.stringify([operator || name, everyMs, sections]);
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = new Group(process.scope, everyMs, sections);
      this.#groups.set(key, group);
    }
    group.watchers.set(process.pid, { process, viewer, isNew: true });
    this.#process.start();
    group.cancelTimer?.();
    this.#setTimer(key, group, 0);
  }

  /** All there is to see, once. */
  snapshot(scope: Principal): string {
    return new Group(scope, 0, WATCHABLE).full(this.#deps, this.#process);
  }

  /** Sends nothing any more. Idempotent. */
  close(): void {
    for (const { cancelTimer } of this.#groups.values()) cancelTimer?.();
    this.#groups.clear();
    this.#process.stop();
  }

  #setTimer(key: string, group: Group, delay: Millis): void {
    group.cancelTimer = this.#deps.clock.after(delay, () => {
      if (group.send(this.#deps, this.#process)) this.#setTimer(key, group, group.everyMs);
      else {
        this.#groups.delete(key);
        if (this.#groups.size === 0) this.#process.stop();
      }
    });
  }
}

/** Watchers who get the same views. */
class Group {
  readonly #scope: Principal;
  readonly everyMs: Millis;
  readonly #sections: readonly Watchable[];
  readonly watchers = new Map<Pid, Watcher>();
  cancelTimer: (() => void) | undefined;
  #seq = 0;
  /** What the last view said. */
  readonly #rows = new Map<RowSection, Map<unknown, Row>>();
  readonly #objects = new Map<string, string>();

  constructor(scope: Principal, everyMs: Millis, sections: readonly Watchable[]) {
    this.#scope = scope;
    this.everyMs = everyMs;
    this.#sections = sections;
  }

  /** One view for everybody. @returns false when nobody is left */
  send(deps: WatchersDeps, process: ProcessFigures): boolean {
    for (const [pid, { process }] of this.watchers) {
      if (deps.processes.get(pid) !== process) this.watchers.delete(pid);
    }
    if (this.watchers.size === 0) return false;
    const changed = this.#changed(deps, process);
    const seq = this.#seq++;
    const at = deps.clock.now();
    const patch = JSON.stringify({ at, seq, full: false, ...changed });
    let full: string | undefined;
    for (const watcher of this.watchers.values()) {
      const { viewer } = watcher;
      if (viewer.isSlow()) watcher.isNew = true;
      else if (watcher.isNew) {
        full ??= this.#whole(at, seq);
        watcher.isNew = false;
        viewer.view(full);
      } else viewer.view(patch);
    }
    return true;
  }

  full(deps: WatchersDeps, process: ProcessFigures): string {
    this.#changed(deps, process);
    return this.#whole(deps.clock.now(), 0);
  }

  #changed({ sections }: WatchersDeps, process: ProcessFigures): object {
    const changed: Record<string, unknown> = {};
    for (const section of this.#sections) {
      if (section === 'kernel' || section === 'queues') {
        const object = sections.object(section, this.#scope, process);
        const json = JSON.stringify(object);
        if (json !== this.#objects.get(section)) changed[section] = object;
        this.#objects.set(section, json);
      } else {
        const before = this.#rows.get(section) ?? new Map<unknown, Row>();
        this.#rows.set(section, before);
        changed[section] = patchRows(before, sections.rows(section, this.#scope), ROW_ID[section] as never);
      }
    }
    return changed;
  }

  #whole(at: Millis, seq: number): string {
    const objects = [...this.#objects].map(([section, json]) => `${JSON.stringify(section)}:${json}`);
    const rows = [...this.#rows].map(([section, known]) => {
      return `${JSON.stringify(section)}:${JSON.stringify({ rows: [...known.values()] })}`;
    });
    return `{${[`"at":${at}`, `"seq":${seq}`, '"full":true', ...objects, ...rows].join(',')}}`;
  }
}
