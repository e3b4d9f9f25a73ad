import type { Composite } from './composites.js';
import type { Base } from './moves.js';
import type { Transport } from './transport.js';

/** Adds a composite to a placement, or with `times` -1 takes it back. */
export function applyComposite({ m }: Transport, { x, load }: Base, { cells }: Composite, times: 1 | -1): void {
  for (let at = 0; at < cells.length; at += 2) {
    const from = cells[at]!;
    const to = cells[at + 1]!;
    x[from]! -= times;
    x[to]! += times;
    load[from % m]! -= times;
    load[to % m]! += times;
  }
}

/** After composites were added: whether the cells and caps that one of them touched still hold. */
export function holds({ m, caps }: Transport, { x, load }: Base, { cells }: Composite): boolean {
  for (const cell of cells) if (x[cell]! < 0 || load[cell % m]! > caps[cell % m]!) return false;
  return true;
}
