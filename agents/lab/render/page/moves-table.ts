import type { CompareReport } from '../../compare/report.js';
import type { PolicyActivity } from './activity.js';
import { panelGrid } from './figure.js';
import { percent, points } from './format.js';
import { html, type Markup } from './markup.js';
import type { Move } from './moves.js';
import { table } from './table.js';

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
  return panelGrid(tables);
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
    [
      percent(total(moves, (move) => move.calls) / calls),
      points((100 * total(moves, (move) => move.score)) / calls),
      points((1000 * total(moves, (move) => move.costUsd)) / calls),
    ].map((text) => html`<td>${text}</td>`);
  return html`<div class="panel">${heading}
${table(
  `Moves of ${policy}`,
  ['From', 'To', 'Calls', 'Quality, points', 'USD per 1,000 calls'],
  [
    ...shown.map((move) => ({ names: [move.from ?? NO_ANSWER, move.to ?? NO_ANSWER], cells: figures([move]) })),
    ...(rest.length === 0 ? [] : [{ names: ['others', `${rest.length} moves`], cells: figures(rest) }]),
  ],
  '',
)}</div>`;
}

function total(moves: readonly Move[], of: (move: Move) => number): number {
  return moves.reduce((sum, move) => sum + of(move), 0);
}
