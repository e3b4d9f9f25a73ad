import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { KernelProcess } from '../chaos/kernel-process.js';
import { kills } from '../chaos/kills.js';

/** `npm run chaos -- kills` has the long run. */
const SEED = Number(process.env['SEED'] ?? 5);

test('a kernel that is killed under load: every call ends once, for all who ask, and its agents learn of it', async () => {
  const report = await kills({ kills: 5, calls: 400, seed: SEED });
  expect(report.violations).toEqual([]);
  const { interrupted } = report;
  expect([report.answers + interrupted, report.repeats + interrupted]).toEqual([400, 400]);
  expect(report.conflicts).toBeGreaterThan(20);
}, 240_000);

test('a build that acknowledges before it commits is found out', async () => {
  const early = resolve(import.meta.dirname, '../chaos/early-journal.mjs');
  const { violations } = await kills({
    kills: 2,
    calls: 120,
    seed: SEED,
    on: (folder) => KernelProcess.start(folder, { node: ['--import', early] }),
  });
  expect(violations.length).toBeGreaterThan(0);
}, 240_000);
