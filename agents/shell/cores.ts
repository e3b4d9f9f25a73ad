import type { Command } from 'commander';
import type { CoreView } from '../../syscalls/cores.js';
import { out, printable } from '../terminal/printer.js';
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

/** Cores in config order; prices are US dollars per million tokens. Below the table, how cores failed last. */
export function renderCores(cores: readonly CoreView[]): string {
  return coreTable(cores) + cores.map(troubleOf).join('');
}

/** A line on why nothing starts on a core, or on its last fault; empty for a core that has none. */
function troubleOf({ id, closedUntil, lastFault }: CoreView): string {
  const closed = closedUntil === undefined ? [] : [`closed until ${time(closedUntil)}`];
  const fault =
    lastFault === undefined ? [] : [`last fault ${time(lastFault.at)}, ${lastFault.class}: ${lastFault.message}`];
  const parts = [...closed, ...fault];
  return parts.length === 0 ? '' : `${printable(`${id}: ${parts.join('; ')}`)}\n`;
}

function time(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

function coreTable(cores: readonly CoreView[]): string {
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

function abilities({ tools, responseFormat, supportsPrefix, inputs = [], unsupported = [] }: CoreView): string {
  const all = { tools, format: responseFormat, resume: supportsPrefix };
  const can = Object.entries(all).flatMap(([name, can]) => (can ? [name] : []));
  return [...can, ...inputs, ...unsupported.map((name) => `-${name}`)].join(' ');
}
