import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { solveSubgradient } from '../../schedulers/baselines/subgradient-solver.js';
import { type AssignmentSolution, solveAssignment } from '../../schedulers/eccos/optimizer/solve-assignment.js';
import { HighsReference } from '../schedulers/eccos/optimizer/highs.js';
import { type Instance, type Kind, kinds, makeInstance, seeded } from '../schedulers/eccos/optimizer/instances.js';

/** Seeds of the timed solves, and of the far slower references. */
interface Size {
  readonly n: number;
  readonly m: number;
  readonly seeds: number;
  readonly references: number;
}

const sizes: readonly Size[] = [
  { n: 16, m: 3, seeds: 20, references: 10 },
  { n: 64, m: 6, seeds: 20, references: 10 },
  { n: 256, m: 3, seeds: 20, references: 3 },
  { n: 256, m: 6, seeds: 20, references: 3 },
  { n: 256, m: 20, seeds: 10, references: 1 },
  { n: 1024, m: 6, seeds: 12, references: 2 },
  { n: 1024, m: 20, seeds: 6, references: 0 },
  { n: 4096, m: 6, seeds: 8, references: 1 },
  { n: 10_000, m: 10, seeds: 6, references: 0 },
  { n: 10_000, m: 20, seeds: 4, references: 0 },
];
/** Beyond this HiGHS takes many seconds for an integer program. */
const MILP_UP_TO = 1024;

const quickSizes: readonly Size[] = [
  { n: 64, m: 6, seeds: 5, references: 3 },
  { n: 256, m: 6, seeds: 5, references: 1 },
  { n: 1024, m: 6, seeds: 5, references: 0 },
];

/** Milliseconds, and gaps in per cent of the bound; null where it was not measured. */
interface Row {
  readonly kind: Kind;
  readonly n: number;
  readonly m: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  /** Time of a warm start against a cold one after 30 % of the calls were replaced. */
  readonly warmShare: number;
  readonly gapMedian: number;
  readonly gapMax: number;
  readonly exact: number;
  readonly lpMs: number | null;
  readonly milpMs: number | null;
  /** Our cost above the MILP's, per cent, at most. */
  readonly overMilp: number | null;
  readonly subgradientMs: number;
  readonly subgradientFails: number;
  readonly repairFails: number;
  readonly repairGapMedian: number | null;
  /** Our cost above that of the repaired subgradient, per cent, at most. */
  readonly overRepair: number | null;
}

/** `npm run bench -- optimizer [--quick] [--json FILE] [--kinds a,b]` */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { quick: { type: 'boolean', default: false }, json: { type: 'string' }, kinds: { type: 'string' } },
  });
  const highs = await HighsReference.load();
  const chosen = kinds.filter((kind) => !values.kinds || values.kinds.split(',').includes(kind));
  const used = values.quick ? quickSizes : sizes;
  for (const kind of chosen)
    for (let seed = 0; seed < 20; seed++) solveAssignment(makeInstance(kind, 128, 6, 900 + seed));

  const rows: Row[] = [];
  console.log(header);
  for (const size of used) {
    for (const kind of chosen) {
      const row = measure(kind, size, highs);
      rows.push(row);
      console.log(line(row));
    }
  }
  if (!values.json) return;
  const machine = { node: process.version, cpu: cpus()[0]?.model ?? 'unknown', cpus: cpus().length };
  writeFileSync(
    values.json,
    `${JSON.stringify({ command: `bench optimizer ${args.join(' ')}`, machine, rows }, null, 2)}\n`,
  );
}

function measure(kind: Kind, { n, m, seeds, references }: Size, highs: HighsReference): Row {
  const own: number[] = [];
  const cold: number[] = [];
  const warm: number[] = [];
  const gaps: number[] = [];
  const lp: number[] = [];
  const milp: number[] = [];
  const overMilp: number[] = [];
  const subgradient: number[] = [];
  const repairGaps: number[] = [];
  const overRepair: number[] = [];
  let exact = 0;
  let subgradientFails = 0;
  let repairFails = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const instance = makeInstance(kind, n, m, 500 + seed);
    const [found, ms] = timed(() => solveAssignment(instance));
    own.push(ms, ...Array.from({ length: 4 }, () => timed(() => solveAssignment(instance))[1]));
    gaps.push(percent(found.gap, found.bound));
    if (found.exact) exact++;
    const churned = churn(instance, seed);
    for (let repeat = 0; repeat < 3; repeat++) {
      cold.push(timed(() => solveAssignment(churned))[1]);
      warm.push(timed(() => solveAssignment({ ...churned, warm: found }))[1]);
    }

    const [last, lastMs] = timed(() => solveSubgradient(instance));
    const repaired = solveSubgradient(instance, { repair: true });
    subgradient.push(lastMs);
    if (last.status === 'infeasible') subgradientFails++;
    if (repaired.status === 'infeasible') repairFails++;
    else {
      repairGaps.push(percent(repaired.cost - found.bound, found.bound));
      overRepair.push(percent(found.cost - repaired.cost, repaired.cost));
    }
    if (seed >= references) continue;
    lp.push(timed(() => highs.solve(instance, 'lp'))[1]);
    if (n > MILP_UP_TO) continue;
    const [best, milpMs] = timed(() => highs.solve(instance, 'milp', undefined, 1e-4));
    milp.push(milpMs);
    if (best.feasible) overMilp.push(percent(found.cost - best.objective, best.objective));
  }
  return {
    kind,
    n,
    m,
    medianMs: quantile(own, 0.5),
    p99Ms: quantile(own, 0.99),
    warmShare: quantile(warm, 0.5) / quantile(cold, 0.5),
    gapMedian: quantile(gaps, 0.5),
    gapMax: Math.max(...gaps),
    exact: exact / seeds,
    lpMs: lp.length > 0 ? quantile(lp, 0.5) : null,
    milpMs: milp.length > 0 ? quantile(milp, 0.5) : null,
    overMilp: overMilp.length > 0 ? Math.max(...overMilp) : null,
    subgradientMs: quantile(subgradient, 0.5),
    subgradientFails: subgradientFails / seeds,
    repairFails: repairFails / seeds,
    repairGapMedian: repairGaps.length > 0 ? quantile(repairGaps, 0.5) : null,
    overRepair: overRepair.length > 0 ? Math.max(...overRepair) : null,
  };
}

/** The next tick: 30 % of the calls are new. */
function churn(instance: Instance, seed: number): Instance {
  const { n, m } = instance;
  const random = seeded(seed);
  const cost = instance.cost.slice();
  const quality = instance.quality.slice();
  for (let call = 0; call < n; call++) {
    if (random() > 0.3) continue;
    const other = Math.floor(random() * n) * m;
    const factor = 0.8 + 0.4 * random();
    for (let j = 0; j < m; j++) {
      cost[call * m + j] = instance.cost[other + j]! * factor;
      quality[call * m + j] = instance.quality[other + j]!;
    }
  }
  return { ...instance, cost, quality };
}

function timed<T>(work: () => T): [T, number] {
  const start = performance.now();
  const result = work();
  return [result, performance.now() - start];
}

function percent(part: AssignmentSolution['gap'], whole: number): number {
  return whole === 0 ? 0 : (100 * part) / Math.abs(whole);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

const header =
  'kind            n  m |  median     p99    warm/cold | gap %  median      max exact |   LP ms  MILP ms  over % | subgr. ms fails | repair fails  gap % over %';

function line(row: Row): string {
  const number = (value: number | null, width: number, digits: number): string =>
    (value === null ? '-' : value.toFixed(digits)).padStart(width);
  const share = (value: number): string => `${(100 * value).toFixed(0)} %`.padStart(6);
  return [
    `${row.kind.padEnd(10)} ${number(row.n, 6, 0)} ${number(row.m, 2, 0)} |`,
    `${number(row.medianMs, 7, 2)} ${number(row.p99Ms, 7, 2)} ${number(row.warmShare, 9, 2)} |`,
    `${number(row.gapMedian, 13, 5)} ${number(row.gapMax, 8, 5)} ${share(row.exact)}|`,
    `${number(row.lpMs, 7, 1)} ${number(row.milpMs, 8, 1)} ${number(row.overMilp, 7, 4)} |`,
    `${number(row.subgradientMs, 9, 2)} ${share(row.subgradientFails)}|`,
    `${share(row.repairFails)} ${number(row.repairGapMedian, 12, 3)} ${number(row.overRepair, 7, 3)}`,
  ].join(' ');
}
