import { expect, test } from 'vitest';
import { ClusterProcess } from '../chaos/cluster-process.js';
import { kills } from '../chaos/kills.js';
import { withRedis } from '../support/redis-server.js';

const SEED = Number(process.env['SEED'] ?? 5);
/** `npm run chaos -- cluster` has the long run. */
const KILLS = Number(process.env['CLUSTER_KILLS'] ?? 10);
const CALLS = 60 * KILLS;

withRedis('three nodes on one Redis', () => {
  test(`of which any is killed ${KILLS} times: every call ends once, for all who ask, and caps hold`, async () => {
    const report = await kills({
      ...{ kills: KILLS, calls: CALLS, seed: SEED },
      on: (folder) => ClusterProcess.start(folder),
    });
    expect(report.violations).toEqual([]);
    const { interrupted } = report;
    expect([report.answers + interrupted, report.repeats + interrupted]).toEqual([CALLS, CALLS]);
    expect(report.conflicts).toBeGreaterThan(CALLS / 20);
  }, 240_000);
});
