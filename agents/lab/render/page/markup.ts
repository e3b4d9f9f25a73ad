/** HTML that may go into a page as it is. */
export class Markup {
  readonly #html: string;

  private constructor(html: string) {
    this.#html = html;
  }

  /** @param html of our own making, with nothing in it that is not escaped */
  static trusted(html: string): Markup {
    return new Markup(html);
  }

  toString(): string {
    return this.#html;
  }
}

/** What may stand in a template: text is escaped, lists are joined, and nothing is left where there is nothing. */
export type Piece = Markup | string | number | null | readonly Piece[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A template whose values are escaped, whether they stand in text or in quoted attributes. */
export function html(literals: TemplateStringsArray, ...values: readonly Piece[]): Markup {
  return Markup.trusted(literals.map((literal, i) => literal + textOf(values[i] ?? null)).join(''));
}

/** A name of a policy or a core, which may be broken after its signs. */
export function breakable(name: string): Markup {
  return html`${name.split(/(?<=[:=,/_])/).map((part, i) => html`${i > 0 ? html`<wbr>` : null}${part}`)}`;
}

function textOf(piece: Piece): string {
  if (piece === null) return '';
  if (piece instanceof Markup) return piece.toString();
  if (typeof piece === 'object') return piece.map(textOf).join('');
  return escapeHtml(String(piece));
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ESCAPES[sign] as string);
}
