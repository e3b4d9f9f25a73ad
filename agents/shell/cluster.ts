import type { Command } from 'commander';
import { loadConfig } from '../../kernel/boot.js';
import { type ClusterOverview, readOverview } from '../../kernel/cluster/overview.js';
import { createLogger } from '../../kernel/log.js';
import { SyscallError } from '../../syscalls/errors.js';
import { out } from '../terminal/printer.js';
import { renderTable, seconds } from '../terminal/table.js';

/** Adds `eccos cluster`. */
export function registerCluster(program: Command): void {
  program
    .command('cluster')
    .description('show the nodes of a cluster, which of them serves, and the open calls')
    .option('--config <file>', 'eccos.yaml of a node', 'eccos.yaml')
    .option('--json', 'for machines', false)
    .action(async ({ config: file, json }: { readonly config: string; readonly json: boolean }) => {
      const { cluster } = await loadConfig(file);
      if (cluster === undefined) {
        throw new SyscallError('invalid-config', `${file}: cluster: Expected a cluster, got none`);
      }
      const overview = await readOverview(cluster, process.env, createLogger({ level: 'warn' }));
      out(json ? `${JSON.stringify(overview)}\n` : render(overview, cluster.leaseMs));
    });
}

function render({ seat, leftMs, epoch, openCalls, nodes }: ClusterOverview, leaseMs: number): string {
  const roleOf = (name: string, idleMs: number) => {
    if (name === seat) return 'serves';
    return idleMs > leaseMs ? 'gone' : 'standby';
  };
  const lease = seat === undefined ? 'no node serves' : `lease ${seconds(leftMs)} s`;
  const table = renderTable(
    ['NODE', 'ROLE', 'IDLE S'],
    nodes.map(({ name, idleMs }) => [name, roleOf(name, idleMs), seconds(idleMs)]),
  );
  return `epoch ${epoch}, ${openCalls} open calls, ${lease}\n${nodes.length === 0 ? '' : table}`;
}
