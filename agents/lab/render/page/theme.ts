import { COLOURS, FAINT, INK, PREDICTOR_COLOUR } from '../chart.js';

/** Lines of the grid, and what stands behind data. */
export const GRID = '#dde1e6';
/** Text that explains. */
export const MUTED = '#5b6470';

/** For policies in turn, told apart by the colour-blind too. Names stand beside what is drawn, so that they may repeat. */
const POLICY_COLOURS = [PREDICTOR_COLOUR, ...COLOURS, FAINT] as const;

/** One colour a policy: the base is in ink, what it is compared with in colours. */
export function policyColours(policies: readonly string[], base: string): ReadonlyMap<string, string> {
  const others = policies.filter((policy) => policy !== base);
  return new Map([
    [base, MUTED],
    ...others.map((policy, i): [string, string] => [policy, POLICY_COLOURS[i % POLICY_COLOURS.length] as string]),
  ]);
}

/** What the charts' colours become on a dark page. */
const DARK: Readonly<Record<string, string>> = {
  [INK]: '#e4e7eb',
  [MUTED]: '#9aa5b1',
  [GRID]: '#343b45',
  [FAINT]: '#7b8794',
  [PREDICTOR_COLOUR]: '#4aa8e0',
  '#d55e00': '#f0803c',
  '#009e73': '#2fbf95',
};

/** Rules of a style sheet: what is drawn has its colours in attributes, which any rule overrides. */
export const DARK_CHARTS = Object.entries(DARK)
  .map(([light, dark]) => `.chart [fill="${light}"]{fill:${dark}}.chart [stroke="${light}"]{stroke:${dark}}`)
  .join('\n');
