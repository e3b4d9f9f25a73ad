export const PAPER = '#fff';
export const INK = '#333';
export const FAINT = '#9a9a9a';
/** Text that explains, and axes. */
export const MUTED = '#5b6470';
/** Lines of the grid, and what stands behind data. */
export const GRID = '#dde1e6';
/** The predictor's colour, then those of the baselines (Okabe and Ito: colour-blind readers can distinguish them too). */
export const PREDICTOR_COLOUR = '#0072b2';
export const COLOURS = ['#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'] as const;

/** For policies in turn. Names stand beside what is drawn, so that colours may repeat. */
const POLICY_COLOURS = [PREDICTOR_COLOUR, ...COLOURS, FAINT] as const;

/** One colour a policy: the base is grey, what it is compared with has colours. */
export function policyColours(policies: readonly string[], base: string): ReadonlyMap<string, string> {
  const others = policies.filter((policy) => policy !== base);
  return new Map([
    [base, MUTED],
    ...others.map((policy, i): [string, string] => [policy, POLICY_COLOURS[i % POLICY_COLOURS.length] as string]),
  ]);
}

const DARK: Readonly<Record<string, string>> = {
  [PAPER]: '#14181d',
  [INK]: '#e4e7eb',
  [MUTED]: '#9aa5b1',
  [GRID]: '#343b45',
  [FAINT]: '#7b8794',
  [PREDICTOR_COLOUR]: '#4aa8e0',
  '#d55e00': '#f0803c',
  '#009e73': '#2fbf95',
};

/**
 * Rules of a style sheet for dark surroundings. A chart has its colours in attributes, which any rule overrides; so it is also
 * right in viewers that know no style sheets.
 */
export const DARK_CHARTS = Object.entries(DARK)
  .map(([light, dark]) => `svg [fill="${light}"]{fill:${dark}}svg [stroke="${light}"]{stroke:${dark}}`)
  .join('\n');
