/** The only way to the terminal: results go to stdout, progress and faults to stderr. */

/** A reader that has gone away, such as `head`, ends the command quietly. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

export function out(text: string): void {
  process.stdout.write(text);
}

export function err(text: string): void {
  process.stderr.write(text);
}

/** Text of agents and models without what could drive the terminal; line ends and tabs stay. */
export function printable(text: string): string {
  return text.replace(/(?![\n\t])\p{Cc}/gu, '\u{FFFD}');
}
