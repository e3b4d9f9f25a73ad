import type { SyscallError } from '../../syscalls/errors.js';
import {
  type AgentRow,
  type CallRow,
  type CoreRow,
  type CostRow,
  type DecisionRow,
  type KernelView,
  ROW_ID,
  type RowSection,
  type WatchedKernel,
  type WatchParams,
} from '../../syscalls/watch.js';
import type { Connection } from './client-connection.js';

type Row = Readonly<Record<string, unknown>>;

/** What the views of one connection add up to. */
export class WatchState {
  readonly #rows = new Map<RowSection, Map<unknown, Row>>();
  #objects: Pick<WatchedKernel, 'kernel' | 'queues'> = {};
  #at = 0;

  apply(view: KernelView): void {
    const { at, full, kernel, queues } = view;
    if (full) {
      this.#rows.clear();
      this.#objects = {};
    }
    this.#at = at;
    this.#objects = { ...this.#objects, ...(kernel && { kernel }), ...(queues && { queues }) };
    for (const section of Object.keys(ROW_ID) as RowSection[]) {
      const rows = this.#rows.get(section) ?? new Map<unknown, Row>();
      this.#rows.set(section, rows);
      for (const id of view[section]?.gone ?? []) rows.delete(id);
      for (const patch of view[section]?.rows ?? []) {
        const id = patch[ROW_ID[section] as keyof typeof patch];
        rows.set(id, merged(rows.get(id), patch));
      }
    }
  }

  read(): WatchedKernel {
    const list = <T>(section: RowSection) => [...(this.#rows.get(section)?.values() ?? [])] as unknown as readonly T[];
    return {
      at: this.#at,
      ...this.#objects,
      cores: list<CoreRow>('cores'),
      agents: list<AgentRow>('agents'),
      calls: list<CallRow>('calls'),
      decisions: list<DecisionRow>('decisions'),
      costs: list<CostRow>('costs'),
    };
  }
}

function merged(row: Row | undefined, patch: Row): Row {
  return Object.fromEntries(Object.entries({ ...row, ...patch }).filter(([, value]) => value !== null));
}

/** What a kernel does, each time that a view has come; a reader that is slow skips some. @throws SyscallError when the connection ends */
export async function* watch(connection: Connection, params: WatchParams): AsyncGenerator<WatchedKernel, never> {
  const state = new WatchState();
  let isNew = false;
  let ended: SyscallError | undefined;
  let wake = () => {};
  connection.ended.then((error) => {
    ended = error;
    wake();
  });
  await connection.watch(params, (view) => {
    state.apply(view);
    isNew = true;
    wake();
  });
  for (;;) {
    if (!isNew && ended === undefined) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (ended !== undefined) throw ended;
    isNew = false;
    yield state.read();
  }
}
