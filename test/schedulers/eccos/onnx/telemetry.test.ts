import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { refuseTelemetry } from '../../../../schedulers/eccos/onnx/telemetry.js';
import { RECORDS, writeRecords } from '../../../agents/lab/records/made-records.js';
import { Shell } from '../../../agents/shell/eccos.js';

const SWITCH = 'ORT_DISABLE_TELEMETRY';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eccos-telemetry-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  vi.unstubAllEnvs();
});

test.each([
  ['evaluate', () => ['evaluate', '--data', writeRecords(folder, 'few.jsonl', RECORDS.slice(0, 40)), '--all']],
  ['boot', () => ['boot', '--port', '0', '--policy', 'eccos']],
])('eccos %s leaves no trace of the telemetry of its runtime', async (name, args) => {
  // What the runtime keeps is in the user's cache, what it notes of itself in the folder for temporary files.
  const home = mkdtempSync(join(folder, 'home-'));
  const env = { HOME: home, XDG_CACHE_HOME: undefined, TMPDIR: home, [SWITCH]: undefined };
  const shell = new Shell(args(), env);
  if (name === 'boot') {
    await shell.wrote('stdout', /ws:/);
    shell.signal('SIGTERM');
  }
  const { code } = await shell.ended();
  expect(code).toBe(0);
  expect(readdirSync(home)).toEqual([]);
});

test('a variable that is set keeps its value', () => {
  vi.stubEnv(SWITCH, '0');
  refuseTelemetry();
  expect(process.env[SWITCH]).toBe('0');
});
