import type { CompareReport, LoadReport } from '../../compare/report.js';
import { count, percent, plain, score } from './format.js';
import { html, type Markup, type Piece } from './markup.js';

/** Name and value, and whether it needs a line of its own; null: there is nothing to say. */
type Fact = readonly [name: string, value: Piece, isWide?: boolean] | null;

const WIDE = html` class="wide"`;
/** What fits into one column. */
const FEW = 6;

/** What every policy got, and how to get it again. */
export function loadFacts({ load, seeds, policies }: CompareReport): Markup {
  const facts: readonly Fact[] = [
    ['Policies', policies.map(({ name }) => name).join(', '), policies.length > FEW],
    ['Load', load.data.length === 0 ? `synthetic: ${load.name}` : `recorded: ${load.data.join(', ')}`],
    load.records === null
      ? null
      : [
          'Records',
          `${count(load.records)} that all cores answered (${load.split}); ${count(load.leftOut ?? 0)} left out`,
        ],
    ['Calls', `${count(load.calls)} by ${count(load.agents)} agents, for each seed`],
    ['Seeds', seeds.join(', ')],
    ['Time', load.mode === 'live' ? 'real, over sockets' : 'virtual: the same kernel on a clock that repeats exactly'],
    ['Arrivals', arrivals(load)],
    ['Rated', `${percent(load.feedback)} of the answers${load.learn ? '; predictors learn from them' : ''}`],
    ['Predictor', load.predictor ?? 'the shipped one'],
    load.alpha === null
      ? null
      : [
          'Alpha',
          `${score(load.alpha)} (${load.alphaSource === 'given' ? 'given' : 'quality predicted of round-robin + .02, or what it reached'})`,
        ],
    [
      'Caps',
      `${load.cores.map(({ id, cap }) => `${id} \u00d7${cap}`).join(', ')} (${CAPS[load.capsSource]})`,
      load.cores.length > FEW,
    ],
  ];
  return html`<dl class="facts">${facts.map((fact) =>
    fact === null ? null : html`<div${fact[2] ? WIDE : null}><dt>${fact[0]}</dt><dd>${fact[1]}</dd></div>`,
  )}</dl>`;
}

const CAPS: Readonly<Record<LoadReport['capsSource'], string>> = {
  config: 'of the config',
  file: 'from a file',
  default: 'by default',
};

function arrivals({ trace, ratePerS, speed, speedSource, busyShare }: LoadReport): string {
  const pace = trace ?? (ratePerS === null ? null : `${plain(ratePerS)} a second`);
  const busy = busyShare === null ? '' : `; cores ${Math.round(100 * busyShare)} % busy under round-robin`;
  const source = speedSource === 'calibrated' ? `calibrated${busy}` : speedSource;
  return `${pace === null ? '' : `${pace}, `}${speedSource === 'agents set the pace' ? source : `\u00d7${plain(speed)} as fast (${source})`}`;
}
