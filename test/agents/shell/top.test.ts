import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, connect } from '../../../agents/sdk/client.js';
import { ORDER_NAMES, type TopData, TopView } from '../../../agents/shell/top-view.js';
import { bootShell, Shell } from './eccos.js';
import { makeConfig } from './made-config.js';

const times = { p50: 0, p99: 0 };
const counts = { accepted: 0, rejected: 0, done: 0, failed: 0, cancelled: 0, expired: 0, pending: 0, running: 0 };
const core = (id: string, outputPerMTok: number, running: number) => ({
  ...{ id, kind: 'simulated', price: { inputPerMTok: 1, outputPerMTok }, contextWindow: 1, cap: 9, running, queued: 0 },
  ...{ tools: false, responseFormat: false, supportsPrefix: false, state: 'up' as const },
});
const process_ = (pid: number, name: string, costUsd: number, pending: number) => ({
  ...{ pid, name, tenant: 't', connectedAt: 0, pending, running: 0, finished: 0, costUsd },
});
const DATA: TopData = {
  stats: {
    ...{ policy: 'fifo', uptimeMs: 1000, agents: 3, syscalls: counts, retries: 0, preemptions: 0 },
    usage: { inputTokens: 0, outputTokens: 0, reprefillTokens: 0, costUsd: 0 },
    waitingMs: times,
    turnaroundMs: times,
    scheduler: {
      ...{ ticks: 0, fallbacks: 0, invalidAssignments: 0 },
      ...{ decisionMs: times, prepareMs: times, prepareCallMs: times },
    },
  },
  cores: [core('middle', 2, 1), core('zeal', 1, 5), core('arch', 3, 0)],
  processes: [process_(1, 'carol', 0.1, 0), process_(2, 'alice', 0.3, 1), process_(3, 'bob', 0.2, 2)],
  syscalls: Array.from({ length: 20 }, (_, n) => ({
    ...{ syscallId: `s${n}`, pid: 1, status: n === 7 ? ('running' as const) : ('waiting' as const) },
    ...{ ageMs: 1000 - n, outputTokens: n === 9 ? 5 : 0, core: n === 4 ? 'arch' : 'middle' },
  })),
};
/** Cells of the first column of the rows, table by table. */
const firsts = (text: string) => text.split('\n').map((line) => line.trim().split(/ +/)[0] ?? '');

describe('the rows', () => {
  test.each([
    ['age', ['middle', 'zeal', 'arch'], ['1', '2', '3'], 's0'],
    ['cost', ['arch', 'middle', 'zeal'], ['2', '3', '1'], 's9'],
    ['load', ['zeal', 'middle', 'arch'], ['3', '2', '1'], 's7'],
    ['name', ['arch', 'middle', 'zeal'], ['2', '3', '1'], 's4'],
  ] as const)('come by %s', (order, cores, pids, syscall) => {
    const lines = firsts(new TopView(order).whole(DATA));
    const at = lines.indexOf('CORE');
    expect(lines.slice(at + 1, at + 4)).toEqual(cores);
    expect(lines.slice(at + 6, at + 9)).toEqual(pids);
    expect(lines[at + 11]).toBe(syscall);
  });

  test('come in the next order with each s, and in the first one again', () => {
    const view = new TopView('age');
    const orders = ORDER_NAMES.map(() => {
      expect(view.press('s')).toBe(true);
      return view
        .frame(DATA, { columns: 80, rows: 30 }, true)
        .at(-1)
        ?.match(/by (\w+);/)?.[1];
    });
    expect(orders).toEqual(['cost', 'load', 'name', 'age']);
  });
});

describe('a frame', () => {
  const size = { columns: 80, rows: 12 };
  const shown = (view: TopView) =>
    view
      .frame(DATA, size, true)
      .at(-1)
      ?.match(/lines (\d+) to (\d+) of (\d+)/)
      ?.slice(1, 4)
      .map(Number);

  test('fills the screen: the summary stays, the tables scroll, the last line says where and how', () => {
    const view = new TopView('age');
    for (const rows of [2, 5, 12, 60]) expect(view.frame(DATA, { columns: 80, rows }, true)).toHaveLength(rows);
    const frame = view.frame(DATA, size, true);
    expect(frame[0]).toMatch(/^fifo, up /);
    expect(frame.at(-1)).toBe('lines 1 to 7 of 31, by age; q quit, s sort, up down pgup pgdn home end scroll');
    expect(view.frame(DATA, size, false).at(-1)).toBe('lines 1 to 7 of 31, by age');
    view.press('down');
    expect(view.frame(DATA, size, true)[0]).toBe(frame[0]);
    expect(view.frame(DATA, size, true)[4]).toBe(frame[5]);
  });

  test.each([
    [
      ['down', 'j', 'up'],
      [2, 8],
    ],
    [['pagedown'], [8, 14]],
    [
      ['space', 'pageup', 'k'],
      [1, 7],
    ],
    [['end'], [25, 31]],
    [
      ['G', 'down', 'pagedown', 'up'],
      [24, 30],
    ],
    [
      ['end', 'home', 'down'],
      [2, 8],
    ],
    [
      ['end', 'g'],
      [1, 7],
    ],
    [
      ['x', '1', 'left'],
      [1, 7],
    ],
  ])('scrolls with %j', (keys, lines) => {
    const view = new TopView('age');
    shown(view);
    for (const key of keys) {
      view.press(key);
      shown(view);
    }
    expect(shown(view)).toEqual([...lines, 31]);
  });

  test('stays within tables that have become shorter', () => {
    const view = new TopView('age');
    shown(view);
    view.press('end');
    const few = { ...DATA, syscalls: [], processes: [] };
    expect(view.frame(few, size, true).at(-1)).toMatch(/^lines 1 to 4 of 4/);
  });
});

describe('eccos top on a terminal', () => {
  /** Makes a terminal of the pipes of a process, whose mode goes to stderr. */
  const TERMINAL = `data:text/javascript,${encodeURIComponent(`
    Object.assign(process.stdin, { isTTY: true, setRawMode: (raw) => process.stderr.write('raw ' + raw + '\\n') });
    Object.assign(process.stdout, { isTTY: true, columns: 100, rows: 12 });
  `)}`;
  const ENTER = '\x1b[?1049h';
  const LEAVE = '\x1b[?25h\x1b[?1049l';

  let folder: string;
  let kernel: Awaited<ReturnType<typeof bootShell>>;
  let agent: Client;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'eccos-top-'));
    kernel = await bootShell(['--config', makeConfig(join(folder, 'slow.yaml'), { seconds: 3600 })]);
    agent = await connect({ url: kernel.url, name: '東京エージェント', reconnect: false });
    for (let n = 0; n < 30; n++) agent.chat({ messages: [{ role: 'user', content: `${n}` }] }).catch(() => {});
  });
  afterAll(async () => {
    await agent.close();
    kernel.shell.signal('SIGKILL');
    await kernel.shell.ended();
    rmSync(folder, { recursive: true });
  });

  const top = (url = kernel.url) => new Shell(['top', '--interval', '60000', '--url', url], {}, ['--import', TERMINAL]);

  test('scrolls and sorts at once, quits on q, and gives the terminal back', async () => {
    const shell = top();
    await shell.wrote('stdout', /lines 1 to 7 of \d+, by age; q quit/);
    shell.type('\x1b[B');
    await shell.wrote('stdout', /lines 2 to 8 of/);
    shell.type('s');
    await shell.wrote('stdout', /by cost/);
    shell.type('\x1b[F');
    await shell.wrote('stdout', /lines (?!1 |2 )\d+ to/);
    shell.type('q');
    const { code, stdout, stderr } = await shell.ended();
    expect([code, stderr]).toEqual([0, 'raw true\nraw false\n']);
    expect([stdout.startsWith(ENTER), stdout.endsWith(LEAVE)]).toEqual([true, true]);
  });

  test.each([
    ['Ctrl-C', (shell: Shell) => shell.type('\x03')],
    ['SIGINT', (shell: Shell) => shell.signal('SIGINT')],
    ['SIGTERM', (shell: Shell) => shell.signal('SIGTERM')],
  ])('gives the terminal back after %s', async (_name, stop) => {
    const shell = top();
    await shell.wrote('stdout', /q quit/);
    stop(shell);
    const { code, stdout, stderr } = await shell.ended();
    expect([code, stderr, stdout.endsWith(LEAVE)]).toEqual([0, 'raw true\nraw false\n', true]);
  });

  test('gives the terminal back before it says that the kernel is gone', async () => {
    const other = await bootShell(['--config', makeConfig(join(folder, 'other.yaml'))]);
    const shell = new Shell(['top', '--interval', '100', '--url', other.url], {}, ['--import', TERMINAL]);
    await shell.wrote('stdout', /q quit/);
    other.shell.signal('SIGKILL');
    const { code, stdout, stderr } = await shell.ended();
    expect([code, stdout.endsWith(LEAVE)]).toEqual([1, true]);
    expect(stderr).toMatch(/^raw true\nraw false\neccos: ws:.*\n$/);
  });

  test('without a terminal has no keys and no control characters; --sort chooses the order', async () => {
    const shell = new Shell(['top', '--interval', '100', '--sort', 'cost', '--url', kernel.url]);
    await shell.wrote('stdout', /^fifo,[\s\S]*^fifo,/m);
    shell.type('q');
    await shell.wrote('stdout', /(^fifo,[\s\S]*){4}/m);
    shell.signal('SIGINT');
    const { code, stdout, stderr } = await shell.ended();
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).not.toContain('\x1b');
    expect(stdout).not.toContain('quit');
  });
});
