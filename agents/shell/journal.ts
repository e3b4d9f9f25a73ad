import { type Command, InvalidArgumentError } from 'commander';
import type { JournalLine, JournalReader } from '../../kernel/journal/journal-reader.js';
import { SyscallError } from '../../syscalls/errors.js';
import { out } from '../terminal/printer.js';
import { dollars, renderTable } from '../terminal/table.js';

const FILE = 'eccos.db';

interface FileFlag {
  readonly file: string;
}

/** Adds `eccos journal`. */
export function registerJournal(program: Command): void {
  const journal = program.command('journal').description('read what a kernel has written down, also while it runs');
  withFile(journal.command('ls').description('list calls, the newest last'))
    .option('--open', 'only calls that have not ended', false)
    .option('--limit <n>', 'most calls', wholeNumber, 50)
    .action(async ({ file, open, limit }: FileFlag & { readonly open: boolean; readonly limit: number }) => {
      out(renderLines(await reading(file, (reader) => reader.list(open ? 'open' : 'all', limit))));
    });
  withFile(journal.command('show <syscall>').description('all that is known of one call, as JSON')).action(
    async (id: string, { file }: FileFlag) => {
      const call = await reading(file, (reader) => reader.show(id));
      if (call === undefined) throw new SyscallError('not-found', `syscall: expected one of ${file}, got "${id}"`);
      out(`${JSON.stringify(call, undefined, 2)}\n`);
    },
  );
  withFile(
    journal.command('vacuum').description('write the file anew, as small as it can be; no kernel may use it'),
  ).action(async ({ file }: FileFlag) => {
    const { vacuum } = await import('../../kernel/journal/vacuum.js');
    const { before, after } = vacuum(file);
    out(`${file}: ${before} bytes before, ${after} after\n`);
  });
}

function withFile(command: Command): Command {
  return command.option('--file <path>', 'the journal, `journal.path` of the config', FILE);
}

/** The database is loaded when it is asked for: there may be none for this platform. */
async function reading<T>(file: string, read: (reader: JournalReader) => T): Promise<T> {
  const { JournalReader } = await import('../../kernel/journal/journal-reader.js');
  const reader = new JournalReader(file);
  try {
    return read(reader);
  } finally {
    reader.close();
  }
}

function renderLines(lines: readonly JournalLine[]): string {
  if (lines.length === 0) return 'no calls\n';
  return renderTable(
    ['SYSCALL', 'AGENT', 'TOKEN', 'ACCEPTED', 'STATUS', 'CORE', 'ATTEMPTS', 'USD'],
    lines.map(({ id, agent, owner, acceptedAt, status, core, attempts, costUsd }) => [
      id,
      agent,
      owner,
      `${new Date(acceptedAt).toISOString().slice(0, 19)}Z`,
      status,
      core,
      attempts,
      costUsd === undefined ? undefined : dollars(costUsd),
    ]),
  );
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Expected a whole number from 1.');
  return Number(text);
}
