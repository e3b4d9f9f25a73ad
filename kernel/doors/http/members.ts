import { isObject, type Json } from '../../json.js';

/** Members that hold something: clients write null for what they leave out. */
export function given(members: Json): Json {
  const some: Record<string, unknown> = {};
  for (const name in members) put(some, name, members[name]);
  return some;
}

/** The known members of an object that hold something; anything else as it is, for the gate to refuse. */
export function pick(value: unknown, names: readonly string[]): unknown {
  if (!isObject(value)) return value;
  const some: Record<string, unknown> = {};
  for (const name of names) put(some, name, value[name]);
  return some;
}

function put(some: Record<string, unknown>, name: string, value: unknown): void {
  if (value !== undefined && value !== null && name !== '__proto__') some[name] = value;
}

/** Each of a list; anything else as it is. */
export function mapList(value: unknown, map: (item: unknown, at: number) => unknown): unknown {
  return Array.isArray(value) ? value.map(map) : value;
}

/** Names of members that hold something and are not among the known ones. */
export function unknownMembers(value: unknown, known: ReadonlySet<string>): readonly string[] {
  return isObject(value) ? Object.keys(given(value)).filter((name) => !known.has(name)) : [];
}

/** An empty list says nothing. */
export function filled(list: unknown): unknown {
  return Array.isArray(list) && list.length === 0 ? undefined : list;
}

/** A member that is a text; the empty one for anything else: not every value can be made a text. */
export function word(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
