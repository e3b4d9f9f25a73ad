import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../../agents/sdk/client.js';
import { type BootedKernel, bootKernel, ContainerModule, PART } from '../../../kernel/boot.js';
import { checkConfig } from '../../../kernel/config/config.js';
import { fifo } from '../../../schedulers/fifo.js';
import type { SchedulerPolicy } from '../../../schedulers/policy.js';
import { ask } from '../../support/kernel.js';
import { ScriptedCore } from '../../support/scripted-core.js';
import { noBrowser, openBrowser, openPage } from './browser.js';

const HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>';

if (noBrowser !== undefined) process.stdout.write(`the dashboard is not tested: ${noBrowser}\n`);

/** Says what it thinks of a call, as fifo does not. */
function talkative(): SchedulerPolicy {
  const inner = fifo();
  return {
    name: 'talkative',
    schedule: (snapshot) => inner.schedule(snapshot).map((one) => ({ ...one, reason: `since ${HOSTILE}` })),
    explain: () => ['on alpha, since it was free', HOSTILE],
    predictions: () => [{ core: 'alpha', quality: 0.81, costUsd: 0.02, chosen: true }],
    status: () => ({
      alpha: 0.8,
      predictedQuality: 0.77,
      ratedQuality: 0.71,
      priceOfQuality: 0.0123,
      secondPrices: { alpha: 0.004, beta: 0.001 },
      outOfReach: true,
      warning: HOSTILE,
    }),
  };
}

describe.skipIf(noBrowser !== undefined)('the dashboard', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());

  const running: BootedKernel[] = [];
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    await Promise.all(running.splice(0).map((kernel) => kernel.stop()));
  });

  async function world(more: object = {}, env: Record<string, string> = {}) {
    const cores = [new ScriptedCore('alpha', { cap: 2, requestsPerMinute: 50 }), new ScriptedCore('beta', { cap: 1 })];
    const price = { inputPerMTok: 1, outputPerMTok: 1 };
    const config = checkConfig(
      {
        listen: { port: 0 },
        limits: { pendingTotal: 6, drainMs: 1 },
        log: { level: 'silent' },
        cores: cores.map(({ info: { id } }) => ({ id, kind: 'simulated', price })),
        ...more,
      },
      'the test',
    );
    const bind = new ContainerModule(({ bind }) => void bind(PART.cores).toConstantValue(cores));
    const kernel = await bootKernel(config, { policy: talkative(), modules: [bind], env });
    running.push(kernel);
    const { url } = await kernel.listen();
    return { kernel, cores, url, page: `${url.replace('ws', 'http')}/ui/` };
  }

  test('each panel shows a planted fact, and text stays text', async () => {
    const { cores, url, page: address } = await world();
    const { page, faults, cspReports } = await openPage(browser);
    await page.goto(address);
    const parent = await connect({ url, name: HOSTILE, tenant: HOSTILE });
    const child = await parent.spawn('child');
    const calls = [1, 2, 3, 4, 5, 6, 7].map((n) =>
      (n === 7 ? child : parent).chat(ask(`${n}`, { task: 'sums' })).catch(() => {}),
    );
    const panel = (name: string) => page.getByRole('region', { name });
    await panel('Cores').getByText('2 / 2').waitFor();
    await panel('Cores').getByText('48 requests').waitFor();
    await panel('Queues').getByText('3 wait').waitFor();
    await panel('Queues').getByText('busy 1').waitFor();
    await panel('Policy').getByText('$0.0123').waitFor();
    await panel('Policy').getByText('out of reach').waitFor();
    await panel('Policy').getByText(HOSTILE).waitFor();
    await panel('Policy').getByRole('button', { name: 'seconds of cores' }).click();
    await panel('Policy').getByText('beta').waitFor();
    await panel('Agents').getByText('child').waitFor();
    await panel('Agents').getByText(HOSTILE).first().waitFor();
    await panel('Decisions').getByText('0.81').first().waitFor();

    cores[0]?.requests[0]?.say(HOSTILE).finish({ costUsd: 0.0314 });
    await panel('Decisions').getByText('$0.0314').waitFor();
    await panel('Decisions').getByText('done').waitFor();
    await panel('Costs').getByText('$0.0314').first().waitFor();
    await panel('Costs').getByRole('button', { name: 'tenants' }).click();
    await panel('Costs').getByText(HOSTILE).waitFor();
    await panel('Kernel').getByText('Answered').waitFor();

    // By keyboard alone.
    await panel('Decisions').getByRole('button').first().focus();
    await page.keyboard.press('Enter');
    await panel('Decisions').getByText('since it was free').waitFor();

    expect(await page.locator('main img, main script').count()).toBe(0);
    expect(faults).toEqual([]);
    expect(await cspReports()).toEqual([]);
    await Promise.all([parent.close(), child.close()]);
    await Promise.all(calls);
  });

  test('kill asks first, and ends the agent with what it has started', async () => {
    const { url, kernel, page: address } = await world();
    const { page } = await openPage(browser);
    await page.goto(address);
    const parent = await connect({ url, name: 'parent', reconnect: false });
    await parent.spawn('child');
    await page.getByText('child').waitFor();
    const kill = page.getByRole('button', { name: 'Kill parent' });
    await kill.click();
    await page.getByRole('button', { name: 'Keep' }).click();
    expect(kernel.stats().agents).toBe(3);
    await kill.click();
    await page.getByRole('dialog').getByRole('button', { name: 'Kill' }).click();
    await page.getByText('child').waitFor({ state: 'detached' });
    expect(kernel.stats().agents).toBe(1);
    // That of the dialog may go a moment later.
    await expect.poll(() => page.getByRole('button', { name: /^Kill/ }).count()).toBe(0);
  });

  test('asks for a token where there are any, keeps it in the tab alone, and shows what it may see', async () => {
    const tokens = [
      { name: 'ann', env: 'ANN' },
      { name: 'root', env: 'ROOT', operator: true },
    ];
    const { url, page: address } = await world({ auth: { tokens } }, { ANN: 'canary-ann', ROOT: 'canary-root' });
    await connect({ url, name: "root's agent", token: 'canary-root' });
    const { page, cspReports } = await openPage(browser);
    await page.goto(address);
    await page.getByLabel('Token of this kernel').fill('wrong');
    await page.keyboard.press('Enter');
    await page.getByLabel('Token of this kernel').waitFor();
    await page.getByLabel('Token of this kernel').fill('canary-ann');
    await page.keyboard.press('Enter');
    await page.getByText('dashboard').waitFor();
    expect(await page.getByText("root's agent").count()).toBe(0);
    expect(await page.content()).not.toContain('canary');
    expect(page.url()).toBe(address);
    expect(await page.evaluate('JSON.stringify([localStorage.length, document.cookie])')).toBe('[0,""]');
    expect(await cspReports()).toEqual([]);
  });

  test.each([
    [1400, 'light'],
    [1400, 'dark'],
    [400, 'light'],
    [400, 'dark'],
  ] as const)('nothing is wider than a screen of %d px, %s', async (width, colorScheme) => {
    const { url, page: address } = await world();
    const agent = await connect({ url, name: 'a-name-without-a-place-to-break'.repeat(4), reconnect: false });
    const calls = [1, 2, 3, 4].map(() => agent.chat(ask()).catch(() => {}));
    const { page } = await openPage(browser, { viewport: { width, height: 800 }, colorScheme });
    await page.goto(address);
    await page.getByText('2 / 2').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    await agent.close();
    await Promise.all(calls);
  });
});
