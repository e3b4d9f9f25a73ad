import type { Command } from 'commander';
import { loadConfig } from '../../kernel/boot.js';
import { type ClusterOverview, type NodeOverview, readOverview } from '../../kernel/cluster/overview.js';
import { createLogger } from '../../kernel/log.js';
import { SyscallError } from '../../syscalls/errors.js';
import { out } from '../terminal/printer.js';
import { renderTable, seconds } from '../terminal/table.js';

/** Adds `eccos cluster`. */
export function registerCluster(program: Command): void {
  program
    .command('cluster')
    .description('show the nodes of a cluster, which of them holds the seat, open calls, and the queue of each core')
    .option('--config <file>', 'eccos.yaml of a node', 'eccos.yaml')
    .option('--json', 'for machines', false)
    .action(async ({ config: file, json }: { readonly config: string; readonly json: boolean }) => {
      const { cluster, cores } = await loadConfig(file);
      if (cluster === undefined) {
        throw new SyscallError('invalid-config', `${file}: cluster: Expected a cluster, got none`);
      }
      const ids = cores.map(({ id }) => id);
      const overview = await readOverview(cluster, ids, process.env, createLogger({ level: 'warn' }));
      out(json ? `${JSON.stringify(overview)}\n` : render(overview, cluster.leaseMs));
    });
}

function render({ seat, leftMs, epoch, openCalls, nodes, queues }: ClusterOverview, leaseMs: number): string {
  const stateOf = ({ name, idleMs, roles }: NodeOverview) => {
    if (name === seat) return 'seat';
    if (idleMs > leaseMs) return 'gone';
    return roles.length === 0 ? 'standby' : 'up';
  };
  const lease = seat === undefined ? 'no node holds the seat' : `lease ${seconds(leftMs)} s`;
  const ofNodes = renderTable(
    ['NODE', 'STATE', 'ROLES', 'IDLE S'],
    nodes.map((node) => [node.name, stateOf(node), node.roles.join(' '), seconds(node.idleMs)]),
  );
  const ofQueues = renderTable(
    ['CORE', 'WAITING', 'RUNNING'],
    queues.map(({ core, waiting, running }) => [core, waiting, running]),
  );
  return `epoch ${epoch}, ${openCalls} open calls, ${lease}\n${nodes.length === 0 ? '' : `${ofNodes}\n`}${ofQueues}`;
}
