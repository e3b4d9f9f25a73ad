import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { speedOf } from '../../../kernel/cores/machine-curve.js';
import { MACHINES, type MachineName } from '../../../kernel/cores/machine-presets.js';

const FILE = '../shared/data/decode_curves_h200.jsonl';
const measured = existsSync(FILE);
if (!measured) process.stderr.write(`skipped: ${FILE} is absent, so the machines are not held against it\n`);

interface Row {
  readonly shape?: string;
  readonly phase?: 'prefill' | 'decode';
  readonly tokens: number;
  readonly context: number;
  readonly batch: number;
  readonly ms: number;
}

describe.skipIf(!measured)('a measured machine', () => {
  test.each(Object.keys(MACHINES) as MachineName[])('%s takes what was measured, to a microsecond', (name) => {
    const { prefillMs, tpotMs } = speedOf(MACHINES[name]);
    const lines = readFileSync(FILE, 'utf8').trim().split('\n');
    const rows = lines.map((line) => JSON.parse(line) as Row).filter(({ shape }) => `h200-${shape}` === name);
    const points = rows.filter(({ phase }) => phase !== undefined);
    expect(points.length).toBeGreaterThan(18);
    for (const { phase, tokens, batch, context, ms } of points) {
      const said = phase === 'prefill' ? prefillMs(tokens) : tpotMs(batch, context);
      expect(Math.abs(said - ms)).toBeLessThan(1e-3);
    }
  });
});

test('more calls at a time take longer each, and less for a token of all together', () => {
  for (const curve of Object.values(MACHINES)) {
    const { tpotMs } = speedOf(curve);
    for (const running of [1, 4, 16, 64, 256]) {
      expect(tpotMs(4 * running, 1000)).toBeGreaterThan(tpotMs(running, 1000));
      expect(tpotMs(4 * running, 1000)).toBeLessThan(4 * tpotMs(running, 1000));
    }
  }
});
