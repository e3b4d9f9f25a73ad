import { cpus, release } from 'node:os';

/** Every benchmark: `npm run bench -- NAME [options]`. */
const BENCHMARKS = {
  queue: () => import('./queue.js'),
  backlog: () => import('./backlog.js'),
  throughput: () => import('./throughput.js'),
  journal: () => import('./journal.js'),
  recovery: () => import('./recovery.js'),
  cluster: () => import('./cluster.js'),
  doors: () => import('./doors.js'),
  latency: () => import('./latency.js'),
  agents: () => import('./agents.js'),
  optimizer: () => import('./optimizer.js'),
  retrieval: () => import('./retrieval.js'),
  tick: () => import('./tick.js'),
  fill: () => import('./fill.js'),
  predictor: () => import('./predictor.js'),
  attack: () => import('./attack.js'),
  watcher: () => import('./watcher.js'),
  dashboard: () => import('./dashboard.js'),
  poisoning: () => import('./poisoning.js'),
  structure: () => import('./structure.js'),
  growth: () => import('./growth.js'),
} as const satisfies Record<string, () => Promise<{ run(args: readonly string[]): Promise<void> }>>;

const [name = '', ...args] = process.argv.slice(2);
const names = Object.keys(BENCHMARKS);
if (name !== '' && !names.includes(name)) {
  process.stderr.write(`bench: expected one of ${names.join(', ')}, got "${name}"\n`);
  process.exit(2);
}
const machine = `${cpus().length} x ${cpus()[0]?.model}, Linux ${release()}, Node ${process.version}`;
for (const one of name === '' ? names : [name]) {
  console.log(`\n== ${one} (${machine})`);
  await (await BENCHMARKS[one as keyof typeof BENCHMARKS]()).run(args);
}
