import { describe, expect, test } from 'vitest';
import { changesTable } from '../../../../../agents/lab/render/page/changes.js';
import { meanOfFigure, percent } from '../../../../../agents/lab/render/page/format.js';
import { renderPage } from '../../../../../agents/lab/render/page/page.js';
import { type MadeComparison, madeComparison } from './made-comparison.js';

const NASTY = `<img src="x" onerror='y'>&`;
const VOID = new Set(['meta', 'wbr', 'br', 'img']);

const usual = madeComparison({ policies: ['fifo', 'eccos', 'per-call:min=0.5'], cores: ['small', 'medium', 'large'] });
const page = await render(usual);

function render({ report, activity }: MadeComparison): Promise<string> {
  return renderPage(report, activity, report.policies[0]?.name ?? '');
}

function chartOf(text: string): string {
  return /aria-label="Quality against cost: [\s\S]*?<\/svg>/.exec(text)?.[0] ?? '';
}

/** Tags in order of the page, and those that were left open or closed out of turn. */
function checkTags(text: string): { readonly names: string[]; readonly faults: string[] } {
  const open: string[] = [];
  const faults: string[] = [];
  const names: string[] = [];
  const body = text.replace(/<style>[\s\S]*?<\/style>/g, '');
  for (const [, slash, name = '', rest = ''] of body.matchAll(/<(\/?)([a-z][\w-]*)((?:"[^"]*"|[^">])*)>/gi)) {
    names.push(name);
    if (slash === '/') {
      const last = open.pop();
      if (last !== name) faults.push(`</${name}> closes <${last}>`);
    } else if (!VOID.has(name) && !rest.endsWith('/')) open.push(name);
  }
  return { names, faults: [...faults, ...open.map((name) => `<${name}> stays open`)] };
}

describe('page of a comparison', () => {
  test('repeats byte for byte', async () => {
    expect(await render(usual)).toBe(page);
    const again = madeComparison({
      policies: ['fifo', 'eccos', 'per-call:min=0.5'],
      cores: ['small', 'medium', 'large'],
    });
    expect(await render(again)).toBe(page);
  });

  test('says how often a policy threw', async () => {
    const { report, activity } = usual;
    const policies = report.policies.map((policy, i) => ({ ...policy, fallbacks: i === 1 ? 1234 : 0 }));
    const row = /Policy threw, fifo took over<[^\n]*/.exec(
      await render({ report: { ...report, policies }, activity }),
    )?.[0];
    expect(row).toMatch(/<td>0<\/td><td>1,234<\/td><td>0<\/td>/);
  });

  test('says on top what is wrong with a policy, and else that nothing is', async () => {
    const { report, activity } = usual;
    const sound = '<p class="sound">No cap was passed and no call was lost.</p>';
    expect(page).toContain(sound);
    const faults = [{ hook: 'schedule', times: 7, first: 'boom' }];
    const wrong = { fallbacks: 7, faults, lost: 2, capViolations: 1 };
    const policies = report.policies.map((one, i) => (i === 1 ? { ...one, ...wrong } : one));
    const faulty = await render({ report: { ...report, policies }, activity });
    expect(faulty).not.toContain(sound);
    expect(faulty.match(/<p class="sound unsound">eccos: /g)).toHaveLength(3);
    expect(faulty).toContain('eccos: schedule threw in 7 ticks (&quot;boom&quot;)');
    expect(faulty).toContain('eccos: 1 call began on a core that was full');
    expect(faulty).toMatch(/eccos: 2 of \d+ calls lost/);
  });

  test('needs nothing from elsewhere', async () => {
    const names = / xmlns(?::xlink)?="[^"]*"/g;
    expect(page.replace(names, '')).not.toMatch(/https?:|<script|<link|<img|@import|url\((?!#)/i);
    expect(page).toContain('default-src &#39;none&#39;');
  });

  test('every tag is closed in turn, and there is no id that could be there twice', () => {
    const { names, faults } = checkTags(page);
    expect(faults).toEqual([]);
    expect(names.length).toBeGreaterThan(500);
    expect(page).not.toMatch(/ id="|url\(#/);
  });

  test('every chart has a name and says in words what it shows', () => {
    const charts =
      page.match(/<div class="chart" role="img" aria-label="[^"]+: [^"]+"><svg [\s\S]*?<\/svg><\/div>/g) ?? [];
    // The frontier, two panels of bars, and the waits and the load of each policy.
    expect(charts).toHaveLength(3 + 2 * usual.report.policies.length);
    expect(page.match(/<svg /g)).toHaveLength(charts.length);
    for (const chart of charts) expect(chart).not.toMatch(/NaN|undefined|Infinity|null/);
  });

  test('every chart has colours that follow a dark page, and no others', () => {
    const dark = new Set([...page.matchAll(/\[fill="(#\w+)"\]\{fill:#\w+\}/g)].map(([, colour]) => colour));
    const drawn = new Set([...page.matchAll(/ (?:fill|stroke)="([^"]*)"/g)].map(([, colour]) => colour));
    const bright = ['#cc79a7', '#e69f00', '#56b4e9', 'none'];
    expect([...drawn].filter((colour = '') => !dark.has(colour) && !bright.includes(colour))).toEqual([]);
  });

  test('wide content can be scrolled by keyboard and says so', () => {
    for (const [, scroll] of page.matchAll(/<div class="scroll"([^>]*)>/g)) {
      expect(scroll).toMatch(/^ tabindex="0" role="group" aria-label="[^"]+"$/);
    }
    expect(page.match(/<table/g)?.length).toBe(page.match(/<div class="scroll"[^>]*><table/g)?.length);
    expect(page).toContain('.scroll::before{content:"Scroll sideways');
  });

  test('panels beside each other have one axis', () => {
    const axes = (of: string) =>
      [...page.matchAll(new RegExp(`aria-label="${of}[^"]*"><svg[\\s\\S]*?</svg>`, 'g'))].map(([svg]) =>
        [...svg.matchAll(/aria-label="X-axis[^"]*"/g)].join(),
      );
    for (const of of ['Share of the calls that still wait', 'Load of the cores under']) {
      const found = axes(of);
      expect(found).toHaveLength(usual.report.policies.length);
      expect(found[0]).toMatch(/values from [\d.]+ to [\d.]+/);
      expect(new Set(found).size).toBe(1);
    }
  });

  test('the figure of mixing models says that it knows no caps', () => {
    expect(page).toMatch(/mixing these models at random\. Neither knows caps/);
  });

  test('every column and row of a table has a header', async () => {
    const tables = page.match(/<table[\s\S]*?<\/table>/g) ?? [];
    expect(tables).toHaveLength(5 + (usual.report.policies.length - 1));
    for (const table of tables) expect(table.match(/<th scope="col"/g)?.length).toBeGreaterThan(2);
  });

  test('shows command, seeds, load and the figures of every policy', async () => {
    const { report } = usual;
    for (const text of [
      '60 calls by 7 agents',
      'seeds 1, 2, 3',
      'cores 80 % busy under round-robin',
      '0.700 (quality predicted',
    ]) {
      expect(page).toContain(text);
    }
    expect(page.replaceAll(/<\/?span>/g, '')).toContain(`<code>${report.command}</code>`);
    for (const { quality } of report.policies) {
      expect(page).toContain(
        `<td>${quality?.mean.toFixed(3)}<small>${quality?.low?.toFixed(3)} to ${quality?.high?.toFixed(3)}</small></td>`,
      );
    }
  });

  test('the frontier shows the single models, their mixture, and the settings of a policy that was swept', async () => {
    const chart = chartOf(page);
    const plain = chartOf(await render({ ...usual, report: { ...usual.report, frontier: [], claims: [] } }));
    for (const name of ['small', 'medium', 'large']) {
      expect(chart).toContain(`>${name}</text>`);
      expect(plain).not.toContain(`>${name}</text>`);
    }
    expect([chart, plain].map((svg) => svg.match(/stroke-dasharray/g)?.length ?? 0)).toEqual([1, 0]);
    // Three settings of the policy in the first colour and the policy itself as small dots, and their line.
    const drawn = (svg: string) => svg.match(/ (fill|stroke)="#0072b2"/g)?.length ?? 0;
    expect(drawn(chart) - drawn(plain)).toBe(5);
  });

  test('the dot of a swept policy lies on its line', () => {
    const chart = chartOf(page);
    const [, line = ''] = /d="M([^"]*)" stroke="#0072b2"/.exec(chart) ?? [];
    const corners = line.split('L').map((corner) => corner.split(',').map(Number));
    const [, x, y] = /translate\(([\d.]+),([\d.]+)\)" d="M5[^"]*" fill="#0072b2"/.exec(chart) ?? [];
    expect(corners.some(([cx = 0, cy = 0]) => Math.abs(cx - Number(x)) < 0.01 && Math.abs(cy - Number(y)) < 0.01)).toBe(
      true,
    );
  });

  test('claims are made of a policy that was swept, against each other one, with their intervals', async () => {
    const { claims } = usual.report;
    expect(claims.map(({ policy, base }) => [policy, base])).toEqual([
      ['eccos', 'fifo'],
      ['eccos', 'per-call:min=0.5'],
    ]);
    const [claim] = claims;
    const [, section = ''] = page.split('<h2>At equal quality, at equal cost</h2>');
    expect(section).toContain(
      `<th scope="row">eccos</th><th scope="row">fifo</th><td>${meanOfFigure(claim?.savingAtEqualQuality ?? null, percent)}`,
    );
    expect(await render({ ...usual, report: { ...usual.report, claims: [] } })).not.toContain('At equal quality');
  });

  test('time against cost is drawn where there is a bound, with the settings of a dial', async () => {
    const { report } = usual;
    const figure = (mean: number) => ({ mean, low: null, high: null });
    const policies = report.policies.map((policy, i) => ({
      ...policy,
      bound: { ...policy.bound, costOver: figure(2 + i) },
    }));
    const point = { quality: figure(0.6), costUsd: figure(1), costOver: figure(1.5), meanTurnaroundMs: figure(4321) };
    const dials = [{ policy: 'eccos', seeds: 1, points: [{ name: 'eccos:waitPrice=1', ...point }] }];
    const text = await render({ ...usual, report: { ...report, policies, dials } });
    expect(text).toContain('<h2>Cost against turnaround at equal quality</h2>');
    expect(text).toMatch(/aria-label="Cost against turnaround: fifo: 2 times the bound/);
    expect(text).toMatch(/eccos:<wbr>waitPrice=1|eccos:waitPrice=1/);
    expect(text).toContain('<td>4.32\u00a0s</td><td>1.5</td><td>0.600</td>');
    expect(page).not.toContain('Cost against turnaround');
  });

  test('names of policies, cores, files and commands cannot become markup', async () => {
    const nasty = madeComparison({ policies: ['fifo', `eccos${NASTY}`], cores: ['small', `core${NASTY}`] });
    const load = { ...nasty.report.load, name: NASTY, data: [NASTY], trace: NASTY, predictor: NASTY, split: NASTY };
    const text = await render({ ...nasty, report: { ...nasty.report, load: { ...load, records: 5 } } });
    expect(text).not.toContain('<img');
    expect(checkTags(text).faults).toEqual([]);
    expect(text.match(/&lt;img src/g)?.length).toBeGreaterThan(20);
    expect(text.replace(/&(amp|lt|gt|quot|#39|#\d+);/g, '').match(/&[^&]{0,20}/g)).toBeNull();
  });

  test('names that look like the inside of a drawing stay as they are', async () => {
    const name = 'zr-1;font-family:x;{b}';
    const text = await render(madeComparison({ policies: ['fifo', name], cores: [name] }));
    const labels = [...text.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, label]) => label);
    // As a policy and as a core on the frontier, above its two bars and, with figures behind it, above the loads of two policies.
    expect(labels.filter((label) => label === name)).toHaveLength(4);
    expect(labels.filter((label) => label?.startsWith(`${name}: `))).toHaveLength(2);
  });

  test('one seed has no intervals, and the page says so', async () => {
    const one = await render(madeComparison({ policies: ['fifo', 'eccos'], cores: ['small'], seeds: 1 }));
    expect(one).toContain('One seed: there are no intervals.');
    expect(one).not.toMatch(/<small>[^<]* to /);
    expect(page).toMatch(/<small>[^<]* to /);
  });

  test('gives the notes of the load', async () => {
    const { report, activity } = usual;
    const load = { ...report.load, notes: ['half a load'] };
    expect(await render({ report: { ...report, load }, activity })).toContain('<p class="note">Note: half a load.</p>');
    expect(page).not.toContain('Note: ');
  });

  test('one policy is compared with nothing', async () => {
    const alone = await render(madeComparison({ policies: ['fifo'], cores: ['small'] }));
    expect(alone).not.toContain('What changes against');
    expect(alone).not.toContain('Which calls moved');
    expect(checkTags(alone).faults).toEqual([]);
  });

  test('a policy that pays nothing is named beside the logarithmic axis', async () => {
    const { report } = usual;
    const free = { mean: 0, low: 0, high: 0 };
    const policies = report.policies.map((policy, i) => (i === 1 ? { ...policy, costUsd: free } : policy));
    expect(await render({ ...usual, report: { ...report, policies } })).toMatch(/Not drawn, [^<]*: eccos\.</);
    expect(page).not.toContain('Not drawn');
  });

  test('without an answer there is a page, and no figure that nobody measured', async () => {
    const { report, activity } = madeComparison({ policies: ['fifo', 'eccos'], cores: ['small'], answered: false });
    // Claims take a turnaround that nobody measured for none.
    const text = await render({ report: { ...report, claims: [] }, activity });
    expect(text).toMatch(/Not drawn, [^<]*: fifo, eccos\.</);
    expect(checkTags(text).faults).toEqual([]);
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
  });

  test('fourteen policies on twenty cores stay below 1.5 MB', async () => {
    const policies = Array.from({ length: 14 }, (_, i) => `policy-${i}:order=expensive-first`);
    const cores = Array.from({ length: 20 }, (_, i) => `a-model-with-a-long-name-${i}-20240808`);
    const big = await render(madeComparison({ policies, cores, calls: 2000, seeds: 2 }));
    expect(big.length).toBeLessThan(1.5e6);
    expect(big).toContain('14 policies on');
  });
});

describe('verdicts on differences', () => {
  test.each([
    [{ mean: 2, low: 1, high: 3 }, 'better'],
    [{ mean: -2, low: -3, high: -1 }, 'worse'],
    [{ mean: 2, low: -1, high: 5 }, 'no clear difference'],
    [{ mean: 2, low: null, high: null }, 'better'],
    [{ mean: 0, low: 0, high: 0 }, 'the same'],
  ])('%j of quality: %s', (qualityPoints, verdict) => {
    const { report } = usual;
    const paired = [{ policy: 'eccos', base: 'fifo', qualityPoints, costShare: null, turnaroundShare: null }];
    expect(changesTable({ ...report, paired }, 'fifo').toString()).toContain(`<span class="verdict">${verdict}</span>`);
  });
});
