/** A row of a view: members are plain values. */
export type Row = object;

export interface Patched {
  readonly rows: readonly Row[];
  readonly gone?: readonly (string | number)[];
}

/** What changed in the rows of a section; undefined: nothing did. @param before rows by who they are; taken over from `after` */
export function patchRows<T extends Row, Id extends keyof T & string>(
  before: Map<unknown, T>,
  after: readonly T[],
  id: Id,
): Patched | undefined {
  const rows: Row[] = [];
  const left = new Set(before.keys());
  for (const row of after) {
    const key = row[id];
    const known = before.get(key);
    left.delete(key);
    const changed = known === undefined ? row : changes(known, row, id);
    if (changed !== undefined) rows.push(changed);
    before.set(key, row);
  }
  for (const key of left) before.delete(key);
  if (rows.length === 0 && left.size === 0) return undefined;
  return left.size === 0 ? { rows } : { rows, gone: [...left] as (string | number)[] };
}

/** The members of a row that are others than before, and who it is; undefined: none is. */
function changes<T extends Row>(before: T, after: T, id: keyof T & string): Row | undefined {
  let patch: Record<string, unknown> | undefined;
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const value = after[key as keyof T];
    if (isSame(before[key as keyof T], value)) continue;
    patch ??= { [id]: after[id] };
    patch[key] = value ?? null;
  }
  return patch;
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && JSON.stringify(a) === JSON.stringify(b));
}
