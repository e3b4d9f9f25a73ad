import { parsePolicy } from '../../../schedulers/registry.js';

/** Parameters by which policies are told what quality to aim at. */
const AIMS = ['alpha', 'threshold'] as const;
export type Aim = (typeof AIMS)[number];

/** The parameter by which this policy is told what quality to aim at; undefined: it aims at none. */
export function aimOf(spec: string): Aim | undefined {
  return AIMS.find((aim) => takes(withParameter(spec, aim, 0.5)));
}

/** The text of a parameter; undefined: the spec does not give it. */
export function parameterOf(spec: string, key: string): string | undefined {
  return pairsOf(spec).find(([name]) => name === key)?.[1];
}

/** The same policy with this parameter, in place of what it may have been before. */
export function withParameter(spec: string, key: string, value: number): string {
  const others = pairsOf(spec).filter(([name]) => name !== key);
  return `${nameOf(spec)}:${[...others, [key, value.toFixed(4)]].map((pair) => pair.join('=')).join(',')}`;
}

function nameOf(spec: string): string {
  return spec.split(':', 1)[0] as string;
}

function pairsOf(spec: string): [key: string, value: string][] {
  const params = spec.slice(nameOf(spec).length + 1);
  return params === '' ? [] : params.split(',').map((pair) => splitPair(pair.trim()));
}

function splitPair(pair: string): [key: string, value: string] {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), pair.slice(at + 1)];
}

function takes(spec: string): boolean {
  try {
    parsePolicy(spec);
    return true;
  } catch {
    // It has no such parameter, or another aim.
    return false;
  }
}
