import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { agentRun, drawRunLength } from '../../../../agents/lab/load/agent-run.js';
import { Random } from '../../../../agents/lab/load/random.js';
import { AIRLINE_RUN } from '../../../../agents/lab/load/run-shape.js';
import { inputTokensOf } from '../../../../kernel/tokens.js';
import { fitRunShape, type RecordedRun } from './fit-run-shape.js';

const FILE = new URL('../../../../../shared/data/tau_airline_traj.jsonl.gz', import.meta.url);

test('the committed shape is the one that the recorded runs give', ({ skip }) => {
  if (!existsSync(FILE)) skip('../shared/data/tau_airline_traj.jsonl.gz is not here');
  const lines = gunzipSync(readFileSync(FILE)).toString('utf8').trim().split('\n');
  const fitted = fitRunShape(lines.map((line) => JSON.parse(line) as RecordedRun));
  expect(rounded(fitted)).toEqual(rounded(AIRLINE_RUN));
});

test('drawn runs have the fitted length and their input grows from call to call', () => {
  const random = new Random(5);
  const lengths = Array.from({ length: 4000 }, () => drawRunLength(random));
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  expect(mean).toBeCloseTo(12.3, 0);
  expect(Math.min(...lengths)).toBeGreaterThanOrEqual(2);
  expect(Math.max(...lengths)).toBe(30);

  const inputs = agentRun(random, 15).map((call) => inputTokensOf(call.params));
  expect(inputs[0]).toBeGreaterThan(1200);
  expect(inputs[0]).toBeLessThan(1700);
  expect((inputs[14] ?? 0) - (inputs[0] ?? 0)).toBeGreaterThan(1000);
});

/** To three digits after the point, as the committed table has them. */
function rounded(shape: unknown): unknown {
  return JSON.parse(JSON.stringify(shape), (_, value) =>
    typeof value === 'number' ? Math.round(value * 1000) / 1000 : value,
  );
}
