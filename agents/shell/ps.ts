import type { Command } from 'commander';
import type { PsParams, PsReply } from '../../syscalls/ps.js';
import type { Client } from '../sdk/client.js';
import { out, printable } from '../terminal/printer.js';
import { dollars, renderTable, seconds } from '../terminal/table.js';
import { type KernelFlags, talksToKernel, withClient } from './connection.js';

/** Adds `eccos ps`. */
export function registerPs(program: Command): void {
  talksToKernel(
    program
      .command('ps')
      .description("list processes and their open syscalls: your own, or everyone's with the operator's token")
      .option('--explain <syscall>', 'say why this syscall is or was on its core, or why it waits'),
  ).action(async ({ explain, ...flags }: KernelFlags & { readonly explain?: string }) => {
    const params = explain === undefined ? {} : { explain };
    const { processes, syscalls, explanation } = await withClient(flags, 'eccos ps', (client) =>
      allPages(client, params),
    );
    if (explanation !== undefined) return out(renderExplanation(explanation));
    out(renderProcesses(processes));
    if (syscalls.length > 0) out(`\n${renderSyscalls(syscalls)}`);
  });
}

/** All processes, page by page. */
async function allPages(client: Client, params: PsParams): Promise<PsReply> {
  const all = await client.ps(params);
  for (let { next } = all; next !== undefined; ) {
    const page = await client.ps({ after: next });
    all.processes.push(...page.processes);
    all.syscalls.push(...page.syscalls);
    next = page.next;
  }
  return all;
}

function renderExplanation(lines: readonly string[]): string {
  const text = lines.length === 0 ? 'the policy gives no reasons' : lines.join('\n');
  return `${printable(text)}\n`;
}

export function renderProcesses(processes: PsReply['processes']): string {
  return renderTable(
    ['PID', 'PARENT', 'NAME', 'TENANT', 'SINCE', 'PENDING', 'RUNNING', 'FINISHED', 'USD'],
    processes.map((process) => [
      process.pid,
      process.parent,
      process.name,
      process.tenant,
      new Date(process.connectedAt).toISOString().slice(0, 19),
      process.pending,
      process.running,
      process.finished,
      dollars(process.costUsd),
    ]),
  );
}

/** Open syscalls, oldest first; times are in seconds. ORPHAN: nobody follows the call, and it ends after so long. */
export function renderSyscalls(syscalls: PsReply['syscalls']): string {
  const hasOrphans = syscalls.some(({ orphanMs }) => orphanMs !== undefined);
  return renderTable(
    ['SYSCALL', 'PID', 'STATUS', 'CORE', 'AGE', 'TOKENS', ...(hasOrphans ? ['ORPHAN'] : []), 'REASON'],
    syscalls.map(({ syscallId, pid, status, core, ageMs, outputTokens, orphanMs, reason }) => [
      syscallId,
      pid,
      status,
      core,
      seconds(ageMs),
      outputTokens,
      ...(hasOrphans ? [orphanMs === undefined ? '' : seconds(orphanMs)] : []),
      reason,
    ]),
  );
}
