import { html, Markup, type Piece } from './markup.js';

/** Of a chart that shares its row with others, pixels: it grows or shrinks a little with the page. */
export const PANEL_WIDTH = 440;

interface FigureText {
  readonly heading: string;
  readonly note?: string;
  /** What the drawing is called when it is read out; by default its heading. */
  readonly name?: string;
  /** What there is to see, for readers who cannot see it. */
  readonly description: string;
}

/** A drawing as a part of the page, under its heading, which is read out as its description. */
export function chartFigure(svg: string, { heading, note, name = heading, description }: FigureText): Markup {
  return html`<div class="panel"><h3>${heading}${note === undefined ? null : html` <small>${note}</small>`}</h3>
${drawing(svg, `${name}: ${description}`)}</div>`;
}

export function drawing(svg: string, label: string): Markup {
  return html`<div class="chart" role="img" aria-label="${label}">${Markup.trusted(svg)}</div>`;
}

export function panelGrid(panels: readonly Markup[]): Markup {
  return html`<div class="panels">${panels}</div>`;
}

/** Content that may be wider than the page: it scrolls by itself, and a hint says so. */
export function scrolling(label: string, content: Piece): Markup {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${label}">${content}</div>`;
}
