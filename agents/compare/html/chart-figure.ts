import { html, Markup } from './markup.js';

/** What `renderSvg` writes around its shapes: it asks for its own size, and names that are no use inside of a page. */
const HEAD = /^<svg [^>]*?(viewBox="[^"]*")>/;
const FONT = /font-family:[^;"]*;?/g;
const NO_STYLE = / style=""/g;
const DEFINITIONS = 'zr-';

export interface ChartText {
  /** In the page, once. */
  readonly id: string;
  readonly title: string;
  /** What there is to see, for those who do not. */
  readonly description: string;
}

/** A drawing as a part of the page: it grows and shrinks with it, has the page's letters, and is read out by its title. */
export function chartFigure(svg: string, { id, title, description }: ChartText): Markup {
  const open = html`<svg class="chart" role="img" aria-labelledby="${id}-title ${id}-text" `;
  const names = html`<title id="${id}-title">${title}</title><desc id="${id}-text">${description}</desc>`;
  const drawing = svg
    .trim()
    .replaceAll(DEFINITIONS, `${id}-`)
    .replace(HEAD, (_, viewBox: string) => `${open}${viewBox}>${names}`)
    .replace(FONT, '')
    .replace(NO_STYLE, '');
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${title}">${Markup.trusted(drawing)}</div>`;
}
