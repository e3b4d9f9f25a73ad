import type { Command } from 'commander';
import type { CoreView } from '../../syscalls/cores.js';
import { out } from '../terminal/printer.js';
import { renderTable } from '../terminal/table.js';
import { type KernelFlags, talksToKernel, withClient } from './connection.js';

/** Adds `eccos cores`. */
export function registerCores(program: Command): void {
  talksToKernel(program.command('cores').description('list the LLM cores: prices, limits, what they can do')).action(
    async (flags: KernelFlags) => {
      const cores = await withClient(flags, 'eccos cores', (client) => client.cores());
      out(renderCores(cores));
    },
  );
}

/** Cores in config order; prices are US dollars per million tokens. */
export function renderCores(cores: readonly CoreView[]): string {
  return renderTable(
    ['CORE', 'KIND', 'STATE', 'RUNNING', 'CAP', 'QUEUED', '$IN/M', '$OUT/M', 'CONTEXT', 'RPM', 'TPM', 'CAN'],
    cores.map((core) => [
      core.id,
      core.kind,
      core.state,
      core.running,
      core.cap,
      core.queued,
      core.price.inputPerMTok,
      core.price.outputPerMTok,
      core.contextWindow,
      core.requestsPerMinute ?? '-',
      core.tokensPerMinute ?? '-',
      abilities(core),
    ]),
  );
}

function abilities({ tools, responseFormat, supportsPrefix }: CoreView): string {
  const all = { tools, format: responseFormat, resume: supportsPrefix };
  return Object.entries(all)
    .flatMap(([name, can]) => (can ? [name] : []))
    .join(' ');
}
