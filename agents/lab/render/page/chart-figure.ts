import { html, Markup } from './markup.js';

/** What `renderSvg` writes around its shapes: it asks for its own size, and names that are no use inside of a page. */
const HEAD = /^<svg [^>]*?(viewBox="[^"]*")>/;
const STYLE = / style="([^"]*)"/g;
const FONT = /font-family:[^;]*;?/;
const DEFINITIONS = /(?<=["#])zr-/g;

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
    .replace(DEFINITIONS, `${id}-`)
    .replace(HEAD, (_, viewBox: string) => `${open}${viewBox}>${names}`)
    .replace(STYLE, (_, style: string) => styled(style.replace(FONT, '')));
  return html`<div class="scroll" tabindex="0" role="group" aria-label="${title}">${Markup.trusted(drawing)}</div>`;
}

function styled(style: string): string {
  return style === '' ? '' : ` style="${style}"`;
}
