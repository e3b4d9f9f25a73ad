import type { Command } from 'commander';

/** The command as it was typed, to be run again. */
export function commandLine(command: Command): string {
  return ['eccos', ...(command.parent?.args ?? [])].map(quote).join(' ');
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
