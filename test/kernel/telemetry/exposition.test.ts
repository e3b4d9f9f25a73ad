import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { LOCAL } from '../../../kernel/process/principal.js';
import { ask, testKernel } from '../../support/kernel.js';
import { ScriptedCore } from '../../support/scripted-core.js';
import { storm } from '../storm/storm.js';
import { exposed, sumOf } from './scrape.js';

/** `METRICS_SYSCALLS=100000 npx vitest run FILE` for the long one. */
const SYSCALLS = Number(process.env['METRICS_SYSCALLS'] ?? 2000);

test(`after ${SYSCALLS} random calls with faults, the sums are those of the kernel`, async () => {
  await storm('round-robin:timeSliceMs=20', {
    syscalls: SYSCALLS,
    watch(kernel) {
      const scrape = exposed(kernel);
      const events = { closed: 0, started: 0 };
      kernel.events.on('started', () => void events.started++);
      kernel.events.on('closed', () => void events.closed++);
      return async () => {
        const text = await scrape();
        const { syscalls, retries, preemptions, usage, scheduler } = kernel.stats();
        for (const status of ['done', 'failed', 'cancelled', 'expired'] as const) {
          expect(sumOf(text, 'eccos_calls_total', { status }), status).toBe(syscalls[status]);
        }
        expect(sumOf(text, 'eccos_rejected_total')).toBe(syscalls.rejected);
        expect(sumOf(text, 'eccos_retries_total')).toBe(retries);
        expect(sumOf(text, 'eccos_preemptions_total')).toBe(preemptions);
        expect(preemptions).toBeGreaterThan(0);
        expect(sumOf(text, 'eccos_tick_seconds_count')).toBe(scheduler.ticks);
        expect(sumOf(text, 'gen_ai_server_request_duration_seconds_count')).toBe(syscalls.accepted);
        expect(sumOf(text, 'gen_ai_client_token_usage_sum', { gen_ai_token_type: 'input' })).toBe(usage.inputTokens);
        expect(sumOf(text, 'gen_ai_client_token_usage_sum', { gen_ai_token_type: 'output' })).toBe(usage.outputTokens);
        const cost = sumOf(text, 'eccos_cost_usd_total');
        expect(Math.abs(cost / usage.costUsd - 1)).toBeLessThan(1e-9);
        expect(sumOf(text, 'gen_ai_client_operation_duration_seconds_count')).toBe(events.closed);
        expect(sumOf(text, 'eccos_wait_seconds_count')).toBe(events.started);
        expect(events.started).toBe(events.closed);
      };
    },
  });
}, 600_000);

/** A kernel that has answered one call, failed one, and refused one. */
async function usedKernel() {
  const cores = [new ScriptedCore('a', { requestsPerMinute: 60, tokensPerMinute: 1e6 }), new ScriptedCore('b')];
  const world = testKernel(cores, { policy: 'fifo' });
  const scrape = exposed(world.kernel);
  const { session } = await world.spawn();
  const answered = session.call('llm.chat', ask('CANARY-prompt'));
  await world.pass(10);
  cores[0]?.last.say('CANARY-answer', 4);
  await world.pass(10);
  cores[0]?.last.finish({ usage: { inputTokens: 7, outputTokens: 4 } });
  await world.pass(10);
  await answered;
  await expect(session.call('llm.chat', ask('x', { cores: ['none'] }))).rejects.toThrow();
  return { ...world, scrape, session };
}

describe('the exposition', () => {
  test('has these metrics with these labels', async () => {
    const text = await (await usedKernel()).scrape();
    const families = [...text.matchAll(/^# TYPE ((?:eccos|gen_ai)_\w+) (\w+)$/gm)].map(([, name = '', type]) => {
      const line = text.split('\n').find((one) => one.startsWith(name) && one.includes('{')) ?? '';
      const labels = [...line.matchAll(/([a-z_]+)="/g)].map(([, label]) => label).filter((label) => label !== 'le');
      return `${name} ${type} ${labels.sort().join(',')}`.trim();
    });
    expect(families).toMatchSnapshot();
  });

  test('passes promtool', async ({ skip }) => {
    if (spawnSync('promtool', ['--version']).error !== undefined)
      skip('promtool is not installed (Debian: prometheus)');
    const { scrape } = await usedKernel();
    const input = await scrape();
    // Names of Node's own metrics are prom-client's, not ours.
    const own = input.split('\n').filter((line) => /^(# (HELP|TYPE) )?(eccos|gen_ai)_/.test(line));
    expect(execFileSync('promtool', ['check', 'metrics'], { input: `${own.join('\n')}\n`, encoding: 'utf8' })).toBe('');
    expect(spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' }).stderr).not.toMatch(/error|parse/i);
  });

  test('holds no prompt and no answer', async () => {
    const text = await (await usedKernel()).scrape();
    expect(text).toContain('eccos_calls_total');
    expect(text).not.toContain('CANARY');
  });

  test('says what runs, how cores stand and what is left of the minute', async () => {
    const text = await (await usedKernel()).scrape();
    expect(text).toMatch(/^eccos_build_info\{version="\d[^"]*",node="v[^"]+",policy="fifo"\} 1$/m);
    expect(text).toMatch(/^eccos_core_minute_requests_left\{core="a"\} 59$/m);
    expect(text).toMatch(/^eccos_core_up\{core="b"\} 1$/m);
    expect(text).toMatch(/^eccos_rejected_total\{code="no-eligible-core"\} 1$/m);
    expect(text).toMatch(/^gen_ai_client_token_usage_bucket\{.*gen_ai_token_type="input".*le="4"\} 0$/m);
    expect(text).toMatch(/^gen_ai_client_token_usage_bucket\{.*gen_ai_token_type="input".*le="16"\} 1$/m);
    expect(text).not.toMatch(/^(eccos|gen_ai)_.* nan$/im);
  });
});

test('says how the journal does, where there is one', async () => {
  const { kernel } = testKernel([new ScriptedCore('a')]);
  expect(await exposed(kernel)()).not.toContain('eccos_journal');
  let written = 7;
  const figures = () => ({
    ...{ written, refused: 2, waiting: 3, commits: 4, bytes: 4096, commitMs: { total: 500, p50: 10, p99: 250 } },
  });
  const scrape = exposed(kernel, { figures });
  await scrape();
  written = 9;
  const lines = (await scrape()).split('\n').filter((line) => line.startsWith('eccos_journal'));
  expect(lines.toSorted()).toEqual([
    'eccos_journal_bytes 4096',
    'eccos_journal_commit_p99_seconds 0.25',
    'eccos_journal_commit_seconds_total 0.5',
    'eccos_journal_commits_total 4',
    'eccos_journal_facts_total 9',
    'eccos_journal_refused_total 2',
    'eccos_journal_waiting 3',
  ]);
});

test('10^4 agents and tenants of random names leave it small, with the series of 100 tenants and one of all others', async () => {
  const cores = ['tiny', 'small', 'medium', 'large', 'frontier'].map((id) => new ScriptedCore(id, { cap: 100 }));
  const world = testKernel(cores, { policy: 'round-robin', limits: { maxAgents: 20_000 } });
  const scrape = exposed(world.kernel);
  const once = async (n: number) => {
    const tenant = `${'\u{1F600}"\\\n'.repeat(7)}${n}`;
    const { session } = await world.spawn({ name: `agent ${n}`, principal: { ...LOCAL, tenant } });
    const call = session.call('llm.chat', ask('x', { task: `task-${n}`, cores: [cores[n % 5]?.info.id] }));
    await world.pass(1);
    cores[n % 5]?.requests.shift()?.finish();
    await world.pass(1);
    await call;
    session.close('closed');
  };
  const series = async () => (await scrape()).split('\n').filter((line) => /^(eccos|gen_ai)_/.test(line)).length;
  for (let n = 0; n < 101; n++) await once(n);
  for (let n = 0; n < 5; n++) await once(1e6 + n);
  const before = await series();
  for (let n = 0; n < 10_000; n++) await once(1000 + n);
  expect(await series()).toBe(before);
  const text = await scrape();
  expect(Buffer.byteLength(text)).toBeLessThan(300 * 1024);
  expect(sumOf(text, 'eccos_cost_usd_total')).toBeCloseTo(world.kernel.stats().usage.costUsd, 6);
  expect(new Set(text.match(/tenant="(?:[^"\\]|\\.)*"/g)).size).toBe(101);
});
