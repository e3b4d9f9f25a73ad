import type { CompareReport } from '../../compare/report.js';
import type { PolicyActivity } from './activity.js';
import { percent, plain, points } from './format.js';
import { html, type Markup } from './markup.js';
import type { Move } from './moves.js';

/** Moves shown of each policy. */
const SHOWN = 6;
const NO_ANSWER = 'no answer';

/** Which calls ran elsewhere than under the base, the most frequent moves first, and what that did to score and cost. */
export function movesTables(
  { policies }: CompareReport,
  activity: ReadonlyMap<string, PolicyActivity>,
  base: string,
): Markup {
  const tables = policies
    .filter(({ name }) => name !== base)
    .flatMap(({ name }) => {
      const moves = activity.get(name)?.moves ?? [];
      return moves.length === 0 ? [] : [movesTable(name, moves, base)];
    });
  return html`<div class="panels">${tables}</div>`;
}

function movesTable(policy: string, all: readonly Move[], base: string): Markup {
  const calls = total(all, (move) => move.calls);
  const moved = all.filter(({ from, to }) => from !== to);
  const shown = moved.slice(0, SHOWN);
  const rest = moved.slice(SHOWN);
  const share = total(moved, (move) => move.calls) / calls;
  const heading = html`<h3>${policy} <small>${percent(share)} of the calls ran elsewhere than under ${base}</small></h3>`;
  if (moved.length === 0) return html`<div class="panel">${heading}</div>`;
  const figures = (moves: readonly Move[]) =>
    html`<td>${percent(total(moves, (move) => move.calls) / calls)}</td><td>${points(
      (100 * total(moves, (move) => move.score)) / calls,
    )}</td><td>${signedUsd(total(moves, (move) => move.costUsd) / calls)}</td>`;
  return html`<div class="panel">${heading}
<div class="scroll" tabindex="0" role="group" aria-label="Moves of ${policy}"><table>
<thead><tr><th scope="col">From</th><th scope="col">To</th><th scope="col">Calls</th><th scope="col">Quality, points</th><th scope="col">USD per 1,000 calls</th></tr></thead>
<tbody>${shown.map((move) => html`<tr><td>${move.from ?? NO_ANSWER}</td><td>${move.to ?? NO_ANSWER}</td>${figures([move])}</tr>\n`)}${
    rest.length === 0 ? null : html`<tr><td colspan="2">${rest.length} other moves</td>${figures(rest)}</tr>`
  }</tbody></table></div></div>`;
}

function total(moves: readonly Move[], of: (move: Move) => number): number {
  return moves.reduce((sum, move) => sum + of(move), 0);
}

function signedUsd(perCall: number): string {
  return `${perCall > 0 ? '+' : ''}${plain(1000 * perCall)}`;
}
