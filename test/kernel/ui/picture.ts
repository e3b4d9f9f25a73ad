import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { type Client, connect } from '../../../agents/sdk/client.js';
import { bootKernel } from '../../../kernel/boot.js';
import { checkConfig } from '../../../kernel/config/config.js';
import { defaultConfig } from '../../../kernel/config/default-config.js';
import { uniform } from '../../../schedulers/uniform.js';
import { openBrowser, openPage } from './browser.js';

/*
 * Takes pictures of the dashboard of a kernel under load:
 *
 *     npx tsx test/kernel/ui/picture.ts FILE [SECONDS] [WIDTHxHEIGHT] [light|dark]
 *
 * `kernel/ui/dashboard.png` is that of `kernel/ui/dashboard.png 75 1400x1180 light`.
 */
const [file = 'dashboard.png', seconds = '75', size = '1400x1180', scheme = 'light'] = process.argv.slice(2);
const [width = 1400, height = 1180] = size.split('x').map(Number);

const TASKS = [
  ['math', (n: number) => `What is ${n} * ${n + 7} + ${n % 13}? Think step by step and give the number.`],
  ['code', (n: number) => `Write a function that returns the ${n}th prime number, with a short test.`],
  ['facts', (n: number) => `Which country has the city that was the capital of an empire in the year ${1000 + n}?`],
  ['summary', (n: number) => `Summarise in ${1 + (n % 5)} sentences what happened at the meeting number ${n}.`],
] as const;
const TREE = [
  ['research lead', 'acme', ['reader', 'reader', 'critic']],
  ['build bot', 'acme', ['tester', 'reviewer']],
  ['support', 'globex', ['triage', 'writer']],
  ['tutor', 'initech', []],
] as const;

const draw = uniform(7);
const base = defaultConfig();
const config = checkConfig(
  {
    ...base,
    policy: 'eccos:alpha=0.72',
    listen: { port: 0 },
    log: { level: 'silent' },
    cores: base.cores.map((core) => ({ ...core, ...(core.id === 'frontier' ? { requestsPerMinute: 120 } : {}) })),
  },
  'the picture',
);
const kernel = await bootKernel(config);
const { url } = await kernel.listen();

const agents: Client[] = [];
for (const [name, tenant, children] of TREE) {
  const parent = await connect({ url, name, tenant });
  agents.push(parent);
  for (const child of children) agents.push(await parent.spawn(child));
}
const until = performance.now() + 1000 * Number(seconds);
/** Asks one thing after another, several at a time now and then. */
const work = async (client: Client) => {
  while (performance.now() < until + 5000) {
    const burst = draw() < 0.2 ? 6 : 2;
    await Promise.allSettled(Array.from({ length: burst }, () => askOne(client)));
    await new Promise((resolve) => setTimeout(resolve, 300 * draw()));
  }
};
const askOne = async (client: Client) => {
  const [task, prompt] = TASKS[Math.floor(draw() * TASKS.length)] as (typeof TASKS)[number];
  const deadline = draw() < 0.02 ? { deadlineMs: 400 } : {};
  const params = {
    messages: [{ role: 'user' as const, content: prompt(Math.floor(draw() * 900)) }],
    task,
    ...deadline,
  };
  const { syscallId, core } = await client.chat(params);
  const ability = ['tiny', 'small', 'medium', 'large', 'frontier'].indexOf(core);
  if (draw() < 0.7) await client.feedback(syscallId, draw() < 0.5 + 0.11 * ability ? 1 : 0);
};
for (const client of agents) void work(client);

const browser = await openBrowser();
const { page } = await openPage(browser, { viewport: { width, height }, colorScheme: scheme as 'light' | 'dark' });
await page.goto(`${url.replace('ws', 'http')}/ui/`);
await new Promise((resolve) => setTimeout(resolve, until - performance.now()));
writeFileSync(file, await page.screenshot({ fullPage: width < 600 }));
// Debian's pngquant makes it a third of the size; without it the picture is the same, and larger.
spawnSync('pngquant', ['--force', '--output', file, '128', file]);
await browser.close();
process.exit();
