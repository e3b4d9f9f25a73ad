import { writeFileSync } from 'node:fs';

interface Made {
  /** Seconds that the one core, named `only`, needs for every answer. */
  readonly seconds?: number;
  /** Members of the core. */
  readonly core?: Readonly<Record<string, unknown>>;
  /** Members of the config. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** Writes a config (JSON is YAML). @returns its path */
export function makeConfig(path: string, { seconds = 0, core, more }: Made = {}): string {
  const only = {
    id: 'only',
    kind: 'simulated',
    price: { inputPerMTok: 1, outputPerMTok: 2 },
    cap: 1,
    ability: 1,
    discrimination: 1,
    answerTokens: { median: 10, spread: 0 },
    ttftMs: seconds * 1000,
    decodeSpeed: 10_000,
    slowdown: 0,
    ...core,
  };
  writeFileSync(path, JSON.stringify({ cores: [only], ...more }));
  return path;
}
