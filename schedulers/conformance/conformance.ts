import assert from 'node:assert/strict';
import type { Assignment, PendingCall, SchedulerPolicy, SchedulingSnapshot } from '../policy.js';
import { World } from './world.js';

/** One rule that every policy keeps. `run` throws an AssertionError where it does not. */
export interface ConformanceCase {
  readonly name: string;
  readonly run: () => Promise<void>;
}

/**
 * The rules that the kernel expects of a policy, for any test runner:
 *
 *     for (const { name, run } of conformanceCases(() => new MyPolicy())) test(name, run);
 *
 * @param create a new policy in its first state; called once or more per case
 * @param options `waitsOnPurpose`: why the policy may leave a slot idle while a call that could use it waits; the rule
 *   against it is then left out. Default: it never does. `seed` of the random instances, default 1
 */
export function conformanceCases(
  create: () => SchedulerPolicy,
  options: { readonly waitsOnPurpose?: string | undefined; readonly seed?: number } = {},
): readonly ConformanceCase[] {
  const { seed = 1, waitsOnPurpose } = options;
  const cases: ConformanceCase[] = [
    { name: 'places nothing when nothing is pending', run: () => emptyInput(create()) },
    {
      name: 'places only pending calls, each once, on an eligible core with a free slot',
      run: () => everyTick(create, seed, valid),
    },
    { name: 'leaves a preempted call on its core', run: () => everyTick(create, seed + 1, pinnedStay) },
    { name: 'does not change its input', run: () => inputUnchanged(create(), seed + 2) },
    { name: 'decides the same for the same history', run: () => deterministic(create, seed + 3) },
    { name: 'serves every call in the end', run: () => everyCallServed(create(), seed + 4) },
  ];
  if (waitsOnPurpose === undefined) {
    cases.push({
      name: 'leaves no slot idle while a call that could use it waits',
      run: () => everyTick(create, seed + 5, workConserving),
    });
  }
  return cases;
}

const TICKS = 200;

async function emptyInput(policy: SchedulerPolicy): Promise<void> {
  assert.deepEqual(await decide(policy, { now: 0, pending: [], cores: [] }, []), []);
  const { snapshot } = new World(1).next([]);
  assert.deepEqual(await decide(policy, { ...snapshot, pending: [] }, []), []);
}

type Check = (snapshot: SchedulingSnapshot, assignments: readonly Assignment[]) => void;

async function everyTick(create: () => SchedulerPolicy, seed: number, check: Check): Promise<void> {
  for (let run = 0; run < 3; run++) {
    await history(create(), seed * 100 + run, check);
  }
}

function valid({ pending, cores }: SchedulingSnapshot, assignments: readonly Assignment[]): void {
  const calls = new Map(pending.map((call) => [call.id, call]));
  const free = new Map(cores.map((core) => [core.id, core.free]));
  for (const { syscallId, core, reason } of assignments) {
    const call = calls.get(syscallId);
    assert.ok(call, `syscall ${syscallId} is not pending, or was placed twice`);
    calls.delete(syscallId);
    assert.ok(call.eligible.includes(core), `core ${core} cannot serve syscall ${syscallId}`);
    const slots = free.get(core) ?? 0;
    assert.ok(slots > 0, `core ${core} has no free slot left for syscall ${syscallId}`);
    free.set(core, slots - 1);
    assert.equal(typeof reason, 'string');
    assert.ok(!reason.includes('\n'), 'a reason is one line');
  }
}

function pinnedStay({ pending }: SchedulingSnapshot, assignments: readonly Assignment[]): void {
  const placed = new Map(assignments.map((assignment) => [assignment.syscallId, assignment.core]));
  for (const { id, pinned } of pending) {
    const core = placed.get(id);
    if (pinned !== undefined && core !== undefined) assert.equal(core, pinned, `preempted syscall ${id} was moved`);
  }
}

function workConserving({ pending, cores }: SchedulingSnapshot, assignments: readonly Assignment[]): void {
  const placed = new Set(assignments.map((assignment) => assignment.syscallId));
  const free = new Map(cores.map((core) => [core.id, core.free]));
  for (const { core } of assignments) free.set(core, (free.get(core) ?? 0) - 1);
  for (const call of pending) {
    if (placed.has(call.id)) continue;
    const idle = call.eligible.find((core) => (free.get(core) ?? 0) > 0);
    assert.equal(idle, undefined, `syscall ${call.id} waits while core ${idle} has a free slot`);
  }
}

async function inputUnchanged(policy: SchedulerPolicy, seed: number): Promise<void> {
  const world = new World(seed);
  let assignments: readonly Assignment[] = [];
  // A copy of all that is pending takes longer than the decision.
  for (let tick = 0; tick < TICKS / 4; tick++) {
    const { snapshot, arrived } = world.next(assignments);
    const before = structuredClone(snapshot);
    assignments = await decide(policy, snapshot, arrived);
    assert.deepEqual(snapshot, before);
  }
}

async function deterministic(create: () => SchedulerPolicy, seed: number): Promise<void> {
  const decisions = async () => {
    const all: Assignment[] = [];
    await history(create(), seed, (_, assignments) => all.push(...assignments));
    return all;
  };
  assert.deepEqual(await decisions(), await decisions());
}

async function everyCallServed(policy: SchedulerPolicy, seed: number): Promise<void> {
  const world = await history(policy, seed, () => {});
  let assignments: readonly Assignment[] = [];
  for (let tick = 0; tick < 20 * TICKS; tick++) {
    const { snapshot } = world.next(assignments, { arrivals: false });
    if (snapshot.pending.length === 0) return;
    assignments = await decide(policy, snapshot, []);
  }
  assert.fail('calls are still pending long after the last one arrived');
}

/** Drives a policy through random arrivals, starts, ends and preemptions. */
async function history(policy: SchedulerPolicy, seed: number, check: Check): Promise<World> {
  const world = new World(seed);
  let assignments: readonly Assignment[] = [];
  for (let tick = 0; tick < TICKS; tick++) {
    const { snapshot, arrived, ended } = world.next(assignments);
    for (const id of ended) policy.release?.(id, undefined);
    assignments = await decide(policy, snapshot, arrived);
    check(snapshot, assignments);
  }
  return world;
}

async function decide(
  policy: SchedulerPolicy,
  snapshot: SchedulingSnapshot,
  arrived: readonly PendingCall[],
): Promise<readonly Assignment[]> {
  if (arrived.length > 0) await policy.prepare?.(arrived, snapshot.cores);
  return policy.schedule(snapshot);
}
