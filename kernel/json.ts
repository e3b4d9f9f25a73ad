/** Decoded JSON that came from a provider: nothing is known of it but that it is an object. */
export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member that is an object; an empty one for anything else. */
export function objectAt(value: unknown, key: string): Json {
  const member = isObject(value) ? value[key] : undefined;
  return isObject(member) ? member : {};
}

/** A member that is a list; an empty one for anything else. */
export function listAt(value: unknown, key: string): readonly unknown[] {
  const member = isObject(value) ? value[key] : undefined;
  return Array.isArray(member) ? member : [];
}

/** A member that is a text which is not empty. */
export function textAt(value: unknown, key: string): string | undefined {
  const member = isObject(value) ? value[key] : undefined;
  return typeof member === 'string' && member !== '' ? member : undefined;
}

/** A member that is an amount, as a number or as its digits; undefined for what none can be. */
export function amountAt(value: unknown, key: string): number | undefined {
  const member = isObject(value) ? value[key] : undefined;
  const amount = typeof member === 'string' && /^\d+(\.\d+)?$/.test(member) ? Number(member) : member;
  return typeof amount === 'number' && Number.isFinite(amount) && amount >= 0 ? amount : undefined;
}

/** A member that is a whole number from 0, as a number or as its digits; undefined for what no count can be. */
export function countAt(value: unknown, key: string): number | undefined {
  const count = amountAt(value, key);
  return Number.isSafeInteger(count) ? count : undefined;
}
