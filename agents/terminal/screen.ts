import { emitKeypressEvents } from 'node:readline';
import { cutTo } from './width.js';

/** The part of a terminal's input that is used here. */
interface KeyInput extends NodeJS.ReadableStream {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
}

/** The part of its output. */
interface CellOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

/** Where a program reads keys and draws; `process` is one. */
export interface Terminal {
  readonly stdin: KeyInput;
  readonly stdout: CellOutput;
}

/** In cells. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

interface Keypress {
  readonly name?: string;
  readonly ctrl?: boolean;
  readonly shift?: boolean;
}

const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
/** A second screen, so that the first one is there again afterwards; no cursor. */
const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';

/** A whole terminal: a frame takes the place of the one before, and in the end everything is as it was. */
export class Screen {
  readonly #terminal: Terminal;
  readonly #onKey: (key: string) => void;
  readonly #onResize: () => void;
  /** Whether there is a keyboard. */
  readonly hasKeys: boolean;
  #isOpen = true;

  /**
   * @param onKey receives names of keys: `q`, `G`, `up`, `pagedown`, `ctrl-c`; the terminal itself handles none of them
   * @param onResize is called when a frame must be drawn anew
   */
  constructor(terminal: Terminal, onKey: (key: string) => void, onResize: () => void) {
    this.#terminal = terminal;
    this.#onKey = onKey;
    this.#onResize = onResize;
    const { stdin, stdout } = terminal;
    this.hasKeys = stdin.isTTY === true && stdin.setRawMode !== undefined;
    // However the process ends, its terminal must be usable.
    process.once('exit', this.close);
    stdout.write(ENTER);
    stdout.on('resize', onResize);
    if (!this.hasKeys) return;
    emitKeypressEvents(stdin);
    stdin.setRawMode?.(true);
    stdin.on('keypress', this.#pressed);
    stdin.resume();
  }

  get size(): Size {
    const { columns = 80, rows = 24 } = this.#terminal.stdout;
    return { columns, rows };
  }

  /** @param lines as many as there are rows; what is too wide is cut off */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const { columns } = this.size;
    // Cleared first: behind a line of full width, a terminal would clear its last cell.
    const frame = lines.map((line) => `${CLEAR_LINE}${cutTo(line, columns)}`).join('\r\n');
    this.#terminal.stdout.write(`${HOME}${frame}`);
  }

  /** Gives the terminal back. Idempotent. */
  readonly close = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off('exit', this.close);
    const { stdin, stdout } = this.#terminal;
    stdout.off('resize', this.#onResize);
    stdout.write(LEAVE);
    if (!this.hasKeys) return;
    stdin.off('keypress', this.#pressed);
    stdin.setRawMode?.(false);
    stdin.pause();
  };

  readonly #pressed = (text: string | undefined, { name = text ?? '', ctrl, shift }: Keypress): void => {
    const isLetter = /^[a-z]$/.test(name);
    this.#onKey(ctrl ? `ctrl-${name}` : shift && isLetter ? name.toUpperCase() : name);
  };
}
