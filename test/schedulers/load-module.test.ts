import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CompareReport } from '../../agents/lab/compare/report.js';
import { renderPolicies } from '../../agents/lab/compare/table.js';
import { registerCompare } from '../../agents/shell/compare.js';
import { conformanceCases } from '../../schedulers/conformance/conformance.js';
import { loadPolicyModule, loadPolicyModules } from '../../schedulers/load-module.js';
import { bootShell } from '../agents/shell/eccos.js';

/** What somebody writes who knows the README and nothing else. */
const SHORTEST_FIRST = `
/** Shortest prompt first, on the free core with the cheapest output. */
export default function shortestFirst() {
  return {
    name: 'shortest-first',
    schedule({ pending, cores }) {
      const byPrice = cores.toSorted((a, b) => a.price.outputPerMTok - b.price.outputPerMTok);
      const free = new Map(cores.map((core) => [core.id, core.free]));
      const assignments = [];
      for (const call of pending.toSorted((a, b) => a.inputTokens - b.inputTokens)) {
        const core = byPrice.find(({ id }) => call.eligible.includes(id) && free.get(id) > 0);
        if (core === undefined) continue;
        free.set(core.id, free.get(core.id) - 1);
        assignments.push({ syscallId: call.id, core: core.id, reason: 'shortest prompt first' });
      }
      return assignments;
    },
  };
}
`;

/** Breaks every rule that there is. */
const LAWLESS = `
export default () => {
  let tick = 0;
  return {
    name: 'lawless',
    prepare: (arrived) => arrived.length > 0 && tick % 3 === 0 ? Promise.reject(new Error('no')) : undefined,
    schedule({ pending, cores }) {
      if (++tick % 5 === 0) throw new Error('not now');
      if (tick % 7 === 0) return null;
      const everywhere = pending.flatMap(({ id }) => cores.map((core) => ({ syscallId: id, core: core.id })));
      return [{ syscallId: 'nobody', core: 'nowhere' }, ...everywhere];
    },
    release(id) { if (id.endsWith('-7')) throw new Error('never mind'); },
    feedback({ id }) { if (id.endsWith('-8')) throw new Error('I know better'); },
  };
};
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'eccos-policy-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

afterEach(() => {
  process.exitCode = undefined;
});

/** What the last comparison wrote to stderr. */
let errors: string;

async function compare(...args: string[]): Promise<CompareReport> {
  let out = '';
  errors = '';
  const program = new Command('eccos')
    .exitOverride()
    .configureOutput({ writeOut: (text) => (out += text), writeErr: (text) => (errors += text) });
  registerCompare(program);
  const small = ['--seeds', '1', '--syscalls', '60', '--speed', '2', '--json', '-'];
  await program.parseAsync(['compare', ...args, ...small], { from: 'user' });
  return JSON.parse(out) as CompareReport;
}

const RIVALS = ['--policies', 'fifo,round-robin'];

describe('a policy of twenty lines from a file', () => {
  test('is compared beside the others, and may be the base', async () => {
    const path = file('shortest.mjs', SHORTEST_FIRST);
    const report = await compare(...RIVALS, '--policy-module', path, '--base', 'shortest-first');
    expect(report.policies.map(({ name }) => name)).toEqual(['fifo', 'round-robin', 'shortest-first']);
    expect(report.paired.map(({ policy, base }) => [policy, base])).toEqual([
      ['fifo', 'shortest-first'],
      ['round-robin', 'shortest-first'],
    ]);
    const [fifo, , own] = report.policies;
    for (const one of [fifo, own]) expect(one?.totals.calls).toBe(60);
    expect(own).toMatchObject({ lost: 0, failed: 0, capViolations: 0 });
    expect(own?.turnaroundMs).not.toEqual(fifo?.turnaroundMs);
  });

  test('may be named among the policies, with an order of cores', async () => {
    const path = file('named.mjs', SHORTEST_FIRST);
    const policies = 'shortest-first:order=expensive-first,fifo,shortest-first';
    const report = await compare('--policies', policies, '--policy-module', path);
    expect(report.policies.map(({ name }) => name)).toEqual(policies.split(','));
  });

  test('passes the conformance suite', async () => {
    const { create } = await loadPolicyModule(file('conforms.mjs', SHORTEST_FIRST));
    for (const { run } of conformanceCases(create)) await run();
  });

  test('decides in a kernel of its own', async () => {
    const { shell } = await bootShell(['--policy-module', file('boot.mjs', SHORTEST_FIRST)]);
    expect(shell.stdout).toContain('policy shortest-first,');
    shell.signal('SIGKILL');
    await shell.ended();
  });
});

test('a policy that breaks every rule breaks no cap and loses no call', async () => {
  const report = await compare('--policies', 'fifo', '--policy-module', file('lawless.mjs', LAWLESS));
  expect(report.policies[1]).toMatchObject({ name: 'lawless', lost: 0, failed: 0, rejected: 0, capViolations: 0 });
  expect(report.policies[1]?.faults).toMatchObject([
    { hook: 'prepare', first: 'no' },
    { hook: 'schedule', first: 'not now' },
    { hook: 'release', times: 1, first: 'never mind' },
    { hook: 'feedback', times: 1, first: 'I know better' },
  ]);
});

test.each([
  [
    'throws',
    "schedule() { throw new Error('boom\\nbang'); }",
    /schedule threw in \d+ ticks \("boom"\); fifo decided there/,
  ],
  [
    'async',
    'async schedule() { return []; }',
    /schedule threw in \d+ ticks \("Expected an answer at once, got a promise"\); fifo/,
  ],
  [
    'rejects',
    "async schedule() { throw new Error('boom'); }",
    /schedule threw .*\("Expected an answer at once, got a promise"\)/,
  ],
  ['null', 'schedule: () => null', /schedule threw in \d+ ticks \("Expected an array, got null"\); fifo/],
  [
    'unprepared',
    "schedule: () => [], prepare: async ({ length }) => { if (length > 0) throw 'no'; }",
    /prepare threw \d+ times? \("no"\)/,
  ],
  ['idle', 'schedule: () => []', /60 of 60 calls lost: they never ended/],
])('%s: one line on stderr says what went wrong, and the exit code is 1', async (name, body, line) => {
  const path = file(`${name}.mjs`, `export default () => ({ name: '${name}', ${body} });`);
  await compare('--policies', 'fifo', '--policy-module', path);
  expect(errors.split('\n').filter((text) => text.startsWith(`${name}: `) && line.test(text))).toHaveLength(1);
  expect(errors).not.toContain('fifo: ');
  expect(process.exitCode).toBe(1);
});

test('an async hook that nobody waits for may reject: its figures stay its own', async () => {
  const own = SHORTEST_FIRST.replace('schedule(', "async release() { throw new Error('late'); },\n    schedule(");
  const report = await compare('--policies', 'fifo', '--policy-module', file('late.mjs', own));
  expect(report.policies[1]).toMatchObject({ fallbacks: 0, faults: [{ hook: 'release', times: 60, first: 'late' }] });
  expect(errors).toContain('shortest-first: release threw 60 times ("late")\n');
  expect(process.exitCode).toBeUndefined();
});

test('assignments that are dropped leave the exit code alone', async () => {
  const own = SHORTEST_FIRST.replace(
    'return assignments',
    "return [...assignments, { syscallId: 'nobody', core: 'x' }]",
  );
  const report = await compare('--policies', 'fifo', '--policy-module', file('more.mjs', own));
  expect(errors).toContain(`shortest-first: ${report.policies[1]?.invalidAssignments} assignments dropped: `);
  expect(process.exitCode).toBeUndefined();
});

test('a policy whose status throws is compared all the same', async () => {
  const own = SHORTEST_FIRST.replace('schedule(', "status() { throw new Error('fog'); },\n    schedule(");
  const report = await compare('--policies', 'fifo', '--policy-module', file('fog.mjs', own));
  expect(report.policies[1]).toMatchObject({ alpha: null, predictedQuality: null, lost: 0 });
});

test('a policy that throws decides nothing, and the report says who did', async () => {
  const path = file('throws.mjs', "export default () => ({ name: 'throws', schedule() { throw new Error('no'); } });");
  const report = await compare('--policies', 'fifo', '--policy-module', path);
  const [fifo, throws] = report.policies;
  expect(throws?.totals).toEqual(fifo?.totals);
  expect(throws?.fallbacks).toBeGreaterThan(10);
  expect(fifo).toMatchObject({ fallbacks: 0, invalidAssignments: 0 });
  const { fallbacks } = throws ?? {};
  expect(renderPolicies(report, 120)).toMatch(new RegExp(`^policy threw, fifo took over +0 +${fallbacks}$`, 'm'));
  expect(renderPolicies({ ...report, policies: report.policies.slice(0, 1) }, 120)).not.toContain('threw');
});

test('assignments that no policy may ask for are counted', async () => {
  const schedule = "schedule: () => [{ syscallId: 'nobody', core: 'nowhere' }]";
  const lost = file('lost.mjs', `export default () => ({ name: 'lost', ${schedule} });`);
  const report = await compare('--policies', 'fifo', '--policy-module', lost);
  const { invalidAssignments } = report.policies[1] ?? {};
  expect(invalidAssignments).toBeGreaterThan(0);
  expect(renderPolicies(report, 120)).toMatch(new RegExp(`^invalid assignments +0 +${invalidAssignments}$`, 'm'));
});

test('calls that a policy refuses are rejected, not failed', async () => {
  const refuse = "refuse: ({ pending }) => pending.map(({ id }) => ({ syscallId: id, reason: 'never' }))";
  const path = file('refuses.mjs', `export default () => ({ name: 'refuses', schedule: () => [], ${refuse} });`);
  const report = await compare('--policies', 'fifo', '--policy-module', path);
  expect(report.policies[1]).toMatchObject({ rejected: 60, failed: 0, lost: 0 });
});

describe('a module is refused', () => {
  const made = (body: string) => `export default () => (${body});`;
  test.each([
    ['that is not there', undefined, /JavaScript module that loads, got .*Cannot find module/],
    ['that does not parse', 'foo bar', /JavaScript module that loads, got \S*Error/],
    ['that exports nothing', 'const a = 1;', /default export to be a function .*, got none/],
    ['that exports no function', 'export default 3;', /default export to be a function .*, got number/],
    ['whose function throws', 'export default () => { throw new Error("out of paper"); }', /got Error: out of paper$/],
    ['whose policy has no name', made('{ schedule: () => [] }'), /policy.name: .*, but it is missing/],
    ['whose policy has a strange name', made('{ name: "a,b", schedule: () => [] }'), /policy.name: .*, got "a,b"/],
    [
      'whose policy does not schedule',
      made('{ name: "a" }'),
      /policy.schedule: Expected a function, but it is missing/,
    ],
    [
      'with a hook that is not a function',
      made('{ name: "a", schedule: () => [], prepare: 3 }'),
      /policy.prepare: Expected a function, got 3/,
    ],
    [
      'with a hook under its old name',
      made('{ name: "a", schedule: () => [], outlook: () => ({}) }'),
      /policy.outlook: Expected its new name, status/,
    ],
    ['that makes nothing', made('undefined'), /policy: .*, but it is missing/],
    ['under a name that is taken', made('{ name: "fifo", schedule: () => [] }'), /a name other than .*, got "fifo"/],
  ])('%s', async (about, text, message) => {
    const name = `${about.replaceAll(' ', '-')}.mjs`;
    const path = text === undefined ? join(folder, name) : file(name, text);
    const refusal = loadPolicyModules([path]);
    await expect(refusal).rejects.toMatchObject({ code: 'invalid-config', message: expect.stringMatching(message) });
    await expect(refusal).rejects.toThrow(`--policy-module ${path}: `);
  });

  test('that comes twice', async () => {
    const path = file('twice.mjs', SHORTEST_FIRST);
    await expect(loadPolicyModules([path, path])).rejects.toThrow(/, got "shortest-first"$/);
  });
});
