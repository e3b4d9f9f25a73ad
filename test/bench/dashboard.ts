import { connect } from '../../agents/sdk/client.js';
import { bootKernel, ContainerModule, PART } from '../../kernel/boot.js';
import { checkConfig } from '../../kernel/config/config.js';
import { noBrowser, openBrowser, openPage } from '../kernel/ui/browser.js';
import { ask } from '../support/kernel.js';
import { ScriptedCore } from '../support/scripted-core.js';
import { quantiles } from './measure.js';

const ROUNDS = 20;

/** Milliseconds from a fact in the kernel until a person can see it on the dashboard in Chromium. */
export async function run(): Promise<void> {
  if (noBrowser !== undefined) return console.log(`not measured: ${noBrowser}`);
  const core = new ScriptedCore('alpha', { cap: 1 });
  const config = checkConfig(
    {
      listen: { port: 0 },
      log: { level: 'silent' },
      cores: [{ id: 'alpha', kind: 'simulated', price: { inputPerMTok: 1, outputPerMTok: 1 } }],
    },
    'the benchmark',
  );
  const bind = new ContainerModule(({ bind }) => void bind(PART.cores).toConstantValue([core]));
  const kernel = await bootKernel(config, { modules: [bind] });
  const { url } = await kernel.listen();
  const browser = await openBrowser();
  const { page } = await openPage(browser);
  await page.goto(`${url.replace('ws', 'http')}/ui/`);
  const panel = (name: string) => page.getByRole('region', { name });
  const root = await connect({ url, name: 'root' });
  await panel('Agents').getByText('root').waitFor();

  const times: Record<string, number[]> = { Agents: [], Cores: [], Queues: [], Decisions: [], Costs: [] };
  const seen = async (name: string, text: string) => {
    const start = performance.now();
    await panel(name).getByText(text).first().waitFor();
    times[name]?.push(performance.now() - start);
  };
  let totalUsd = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    const name = `agent-${100 + round}`;
    const child = await root.spawn(name);
    await seen('Agents', name);
    const calls = [child.chat(ask('first')), child.chat(ask('second'))];
    await Promise.all([seen('Cores', '1 / 1'), seen('Queues', '1 wait')]);
    const costUsd = (100 + round) / 10_000;
    totalUsd += costUsd;
    core.requests.at(-1)?.finish({ costUsd });
    await Promise.all([seen('Decisions', `$${costUsd.toFixed(4)}`), seen('Costs', `$${totalUsd.toPrecision(3)}`)]);
    core.requests.at(-1)?.finish({ costUsd: 0 });
    await Promise.all(calls);
    await child.close();
  }
  for (const [name, ms] of Object.entries(times)) console.log(`${name}: ${quantiles(ms, 0)} ms`);
  console.log(`median [min, max] of ${ROUNDS} facts in each panel; the page asks for a view each 500 ms`);
  await browser.close();
  await kernel.stop();
}
