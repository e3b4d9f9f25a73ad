import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Client, connect } from '../../agents/sdk/client.js';
import { ClusterProcess } from '../chaos/cluster-process.js';
import { cuts } from '../chaos/cuts.js';
import { kills } from '../chaos/kills.js';
import { withRedis } from '../support/redis-server.js';

const SEED = Number(process.env['SEED'] ?? 5);
/** `npm run chaos -- cluster` has the long runs. */
const KILLS = Number(process.env['CLUSTER_KILLS'] ?? 8);
const SLOW = { fast: 150, slow: 300 };

function folderOfTest(): string {
  const folder = mkdtempSync(join(tmpdir(), 'eccos-cluster-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

withRedis('three nodes on one Redis', () => {
  test(`of which any is killed ${KILLS} times: every call ends once, for all who ask, and caps hold`, async () => {
    const calls = 60 * KILLS;
    const report = await kills({ kills: KILLS, calls, seed: SEED, on: (folder) => ClusterProcess.start(folder) });
    expect(report.violations).toEqual([]);
    const { interrupted } = report;
    expect([report.answers + interrupted, report.repeats + interrupted]).toEqual([calls, calls]);
    expect(report.conflicts).toBeGreaterThan(calls / 20);
  }, 240_000);

  test('whose Redis is killed: what was accepted ends once', async () => {
    const redis = ['--appendfsync', 'always'];
    const on = (folder: string) => ClusterProcess.start(folder, { strikes: 'redis', redis });
    const report = await kills({ kills: 3, calls: 150, seed: SEED, on });
    expect(report.violations).toEqual([]);
  }, 240_000);

  test('of which one stands still for longer than its lock: with a quarantine no cap is passed', async () => {
    const cluster = { slotQuarantineMs: 6000 };
    const on = (folder: string) => ClusterProcess.start(folder, { strikes: 'freeze', cluster, delayMs: SLOW });
    const report = await kills({ kills: 1, calls: 60, seed: SEED, on });
    expect(report.violations).toEqual([]);
  }, 240_000);

  test('behind connections that are cut at any byte: text goes on at another door without gap or repeat', async () => {
    const on = (folder: string) => ClusterProcess.start(folder, { words: 60, delayMs: { fast: 5, slow: 5 } });
    const report = await cuts({ cuts: 150, kills: 1, seed: SEED, on });
    expect(report.violations).toEqual([]);
    expect(report.answers).toBeGreaterThan(10);
  }, 240_000);

  test('keep a limit per minute while the seat changes', async () => {
    const core = { requestsPerMinute: 12 };
    const cluster = await ClusterProcess.start(folderOfTest(), { core });
    onTestFinished(async () => void (await cluster.stop()));
    const [first, ...others] = cluster.urls;
    const agents = await Promise.all(
      Array.from({ length: 40 }, (_, n) => connect({ url: [first, ...others], name: `agent-${n}` })),
    );
    const ask = (client: Client) => client.chat({ messages: [{ role: 'user', content: 'x' }] }).catch(() => {});
    for (const agent of agents.slice(0, 10)) await ask(agent);
    for (let change = 0; change < 2; change++) {
      const { shell } = await cluster.seat();
      void Promise.all(agents.slice(10).map(ask));
      shell.signal('SIGKILL');
      await shell.ended();
      await cluster.seat();
      await new Promise((resolve) => setTimeout(resolve, 4000));
    }
    const counts = new Map<string, number>();
    for (const { model } of cluster.provider.requests) counts.set(model, (counts.get(model) ?? 0) + 1);
    expect(Object.fromEntries(counts)).toEqual({ fast: 12, slow: 12 });
    await Promise.all(agents.map((agent) => agent.close()));
  }, 120_000);
});
