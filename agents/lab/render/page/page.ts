import type { CompareReport } from '../../compare/report.js';
import { isSound, warningsOf } from '../../compare/warnings.js';
import { policyColours } from '../theme.js';
import type { PolicyActivity } from './activity.js';
import { barsFigure } from './bars.js';
import { changesTable } from './changes.js';
import { claimsTable, reachTable } from './claims.js';
import { coreShares } from './core-shares.js';
import { dialFigure } from './dial.js';
import { count } from './format.js';
import { frontierFigure } from './frontier.js';
import { loadFacts } from './load-facts.js';
import { loadPanels } from './load-panels.js';
import { html, Markup } from './markup.js';
import { movesTables } from './moves-table.js';
import { policyTable } from './policy-table.js';
import { STYLE } from './style.js';
import { waitingFigure } from './waiting.js';

/** Nothing but what stands in the page: a reader's machine is asked for no more. */
const ALLOWED = "default-src 'none'; style-src 'unsafe-inline'";

/**
 * A comparison as one HTML page that needs neither network nor script. The same report and activity give the same bytes.
 *
 * @param activity of each policy, by name
 * @param base policy that the others are compared with
 */
export async function renderPage(
  report: CompareReport,
  activity: ReadonlyMap<string, PolicyActivity>,
  base: string,
): Promise<string> {
  const { policies, load, seeds, command } = report;
  const names = policies.map(({ name }) => name);
  const colours = policyColours(names, base);
  const title = `${listed(names)} on ${load.data.length > 0 ? 'recorded calls' : `the load "${load.name}"`}`;
  const intervals =
    seeds.length > 1
      ? 'Intervals are 95\u00a0%, by bootstrap over the seeds; where policies are compared at equal quality or cost, over the records too.'
      : 'One seed: there are no intervals.';
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${ALLOWED}">
<title>Comparison of policies: ${title}</title>
<style>${Markup.trusted(STYLE)}</style>
</head>
<body>
<header>
<p class="kind">Comparison of policies</p>
<h1>${title}</h1>
<p class="lead">${count(load.calls)} calls by ${count(load.agents)} agents, the same for every policy, ${seeds.length === 1 ? 'with one seed' : `repeated with ${seeds.length} seeds`}. ${intervals}</p>
${soundness(report)}
<pre><code>${commandLine(command)}</code></pre>
${loadFacts(report)}
${load.notes.map((note) => html`<p class="note">Note: ${note}.</p>\n`)}
</header>
<main>
${
  report.paired.length === 0
    ? null
    : html`<h2>What changes against ${base}</h2>
<p class="about">Differences of the same calls under both policies, seed by seed. \u201cNo clear difference\u201d: the interval holds both directions.</p>
${changesTable(report, base)}`
}
<h2>Quality against cost</h2>
${await frontierFigure(report, colours)}
${reachTable(report)}
${claimsSection(report)}
${await dialFigure(report, colours)}
<h2>Cost and quality</h2>
${await barsFigure(report, colours)}
<h2>Time spent waiting</h2>
<p class="about">The share of the calls that still wait after the time below: the smaller the area, the better. The line is ${base}. All seeds, answered calls.</p>
${await waitingFigure(report, activity, base, colours)}
<h2>Load of each core against its cap</h2>
<p class="about">Calls in flight over the time of the first seed; the line above each core is its cap, the figure is the mean share of it in use. All policies have one time axis. Answered calls.</p>
${await loadPanels(report, activity, colours)}
<h2>Where the calls ran</h2>
<p class="about">Share of each policy\u2019s answers by core, all seeds, from the cheapest core to the most expensive.</p>
${coreShares(report, activity)}
${
  report.paired.length === 0
    ? null
    : html`<h2>Which calls moved</h2>
<p class="about">The same call under ${base} (from) and under the policy (to), and what these moves add to mean quality and cost.</p>
${movesTables(report, activity, base)}`
}
<h2>All figures</h2>
<p class="about">${intervals} \u2013 means not reached or not measured.</p>
${policyTable(report)}
</main>
<footer>Made by <code>${command}</code> with ${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}.</footer>
</body>
</html>
`.toString();
}

function claimsSection(report: CompareReport): Markup | null {
  const table = claimsTable(report);
  if (table === null) return null;
  return html`<h2>At equal quality, at equal cost</h2>
<p class="about">The line of a policy that was swept, against each other policy as it took part: at the quality of that policy, or above it where the line has none so low; at its cost, or below. \u2013: the line does not reach it.</p>
${table}`;
}

function soundness({ policies }: CompareReport): Markup {
  const sound = isSound(policies) ? html`<p class="sound">No cap was passed and no call was lost.</p>` : null;
  return html`${sound}${policies.flatMap(warningsOf).map((line) => html`<p class="sound unsound">${line}.</p>\n`)}`;
}

/** Breaks between its words and not inside of options. */
function commandLine(command: string): Markup {
  return html`${command.split(' ').map((word, i) => html`${i > 0 ? ' ' : null}<span>${word}</span>`)}`;
}

/** More than these make no title. */
const LISTED = 6;

function listed(names: readonly string[]): string {
  if (names.length > LISTED) return `${names.length} policies`;
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
