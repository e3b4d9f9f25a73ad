import { widthOf } from './width.js';

/**
 * Breaks a text that comes in pieces into lines between its words, as it comes: a word is held back until its end is
 * seen. Line breaks of the text stay; blanks at the end of a line go. A word that is wider than a line stays whole.
 */
export class Wrap {
  readonly #width: number;
  /** Cells of the line so far. */
  #used = 0;
  #blanks = '';
  #word = '';

  /** @param width most cells of a line */
  constructor(width: number) {
    this.#width = width;
  }

  /** @returns what can be printed now */
  take(piece: string): string {
    let lines = '';
    for (const part of piece.split(/(\n|[ \t]+)/)) {
      if (part === '\n') {
        lines += `${this.#placed()}\n`;
        this.#used = 0;
        this.#blanks = '';
      } else if (/^[ \t]/.test(part)) {
        lines += this.#placed();
        this.#blanks += part;
      } else this.#word += part;
    }
    return lines;
  }

  /** The text has ended. @returns the rest of it, and the end of its line if it has begun one */
  end(): string {
    const rest = this.#placed();
    const isOpen = this.#used > 0;
    this.#used = 0;
    this.#blanks = '';
    return isOpen ? `${rest}\n` : rest;
  }

  /** The word that was held back, on this line or the next. */
  #placed(): string {
    const word = this.#word;
    if (word === '') return '';
    const blanks = this.#blanks;
    [this.#word, this.#blanks] = ['', ''];
    const width = widthOf(word);
    const used = this.#used + widthOf(blanks) + width;
    const fits = this.#used === 0 || used <= this.#width;
    this.#used = fits ? used : width;
    return (fits ? blanks : '\n') + word;
  }
}
