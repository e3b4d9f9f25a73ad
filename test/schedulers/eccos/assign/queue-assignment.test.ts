import { expect, test } from 'vitest';
import { assignToQueues, type QueueProblem } from '../../../../schedulers/eccos/assign/queue-assignment.js';
import { uniform } from '../../../../schedulers/uniform.js';

/** Up to six calls and four cores, some pairs forbidden, some places equally expensive, some queues closed after a few. */
function drawProblem(draw: () => number): QueueProblem {
  const n = 1 + Math.floor(draw() * 6);
  const m = 1 + Math.floor(draw() * 4);
  const net = Float64Array.from({ length: n * m }, () => (draw() < 0.15 ? Number.NaN : Math.round(10 * draw()) - 3));
  const places = Array.from({ length: m }, () => {
    const closedFrom = draw() < 0.3 ? Math.floor(draw() * 4) : Infinity;
    const costs: number[] = [];
    for (let k = 0; k < n; k++) costs.push((costs[k - 1] ?? 0) + (draw() < 0.5 ? 0 : 3 * draw()));
    return costs.map((cost, k) => (k >= closedFrom ? Infinity : cost));
  });
  const outside = Float64Array.from({ length: n }, () => 20 * draw());
  return { n, m, net, outside, place: (core, k) => (places[core] as number[])[k] as number };
}

function costOf({ m, net, outside, place }: QueueProblem, at: ArrayLike<number>): number {
  const length = new Array<number>(m).fill(0);
  return Array.from(at).reduce(
    (sum, core, call) => sum + (core < 0 ? outside[call]! : net[call * m + core]! + place(core, length[core]!++)),
    0,
  );
}

function leastCost(problem: QueueProblem, at: readonly number[] = []): number {
  const { n, m, net } = problem;
  if (at.length === n) return costOf(problem, at);
  const open = [-1, ...Array(m).keys()].filter((core) => core < 0 || !Number.isNaN(net[at.length * m + core]!));
  return Math.min(...open.map((core) => leastCost(problem, [...at, core])));
}

test('of all ways to join the queues the one of least cost is found: 1,000 random instances', () => {
  const draw = uniform(7);
  for (let n = 0; n < 1000; n++) {
    const problem = drawProblem(draw);
    expect(costOf(problem, assignToQueues(problem)), `instance ${n}`).toBeCloseTo(leastCost(problem), 9);
  }
});

test('a thousand calls fill the queues until one more place costs as much everywhere', () => {
  const draw = uniform(1);
  const [n, m] = [1000, 5];
  const net = Float64Array.from({ length: n * m }, draw);
  const at = assignToQueues({ n, m, net, outside: new Float64Array(n).fill(9), place: (_, k) => 0.01 * k });
  const length = Array.from({ length: m }, (_, core) => at.filter((one) => one === core).length);
  // No call would gain by leaving its core for the end of another queue.
  for (const [call, core] of at.entries()) {
    for (let to = 0; to < m; to++) {
      const more = net[call * m + to]! + 0.01 * length[to]! - net[call * m + core]! - 0.01 * (length[core]! - 1);
      expect(to === core || more > -1e-9).toBe(true);
    }
  }
});
