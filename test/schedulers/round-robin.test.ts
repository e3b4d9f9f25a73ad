import { expect, test } from 'vitest';
import type { PendingCall, SchedulableCore } from '../../schedulers/policy.js';
import { RoundRobin } from '../../schedulers/round-robin.js';
import { uniform } from '../../schedulers/uniform.js';

const core = (id: string, free: number): SchedulableCore => ({
  id,
  kind: 'simulated',
  price: { inputPerMTok: 1, outputPerMTok: 1 },
  contextWindow: 1000,
  cap: free,
  tools: true,
  responseFormat: true,
  supportsPrefix: true,
  running: 0,
  free,
});

const call = (seq: number, pid: number, eligible = ['a', 'b']): PendingCall => ({
  id: `s${seq}`,
  seq,
  pid,
  program: pid,
  tenant: 'local',
  acceptedAt: 0,
  since: 0,
  expiresAt: undefined,
  priority: 0,
  inputTokens: 1,
  eligible,
  pinned: undefined,
  placed: undefined,
  params: { messages: [{ role: 'user', content: 'hello' }] },
});

const placed = (policy: RoundRobin, pending: PendingCall[], cores: SchedulableCore[]) =>
  policy.schedule({ now: 0, pending, cores }).map(({ syscallId, core }) => `${syscallId}@${core}`);

test('agents take turns, and cores take turns', () => {
  const pending = [call(0, 1), call(1, 1), call(2, 1), call(3, 2), call(4, 3)];
  expect(placed(new RoundRobin(), pending, [core('a', 2), core('b', 2)])).toEqual(['s0@a', 's3@b', 's4@a', 's1@b']);
});

test('the turns go on from tick to tick', () => {
  const policy = new RoundRobin();
  const pending = [call(0, 1), call(1, 1), call(2, 2), call(3, 2)];
  expect(placed(policy, pending, [core('a', 1)])).toEqual(['s0@a']);
  expect(placed(policy, pending.slice(1), [core('a', 1)])).toEqual(['s2@a']);
  expect(placed(policy, [call(1, 1), call(3, 2)], [core('a', 1)])).toEqual(['s1@a']);
});

test('an agent whose calls fit no free core keeps its place in the ring', () => {
  const policy = new RoundRobin();
  const pending = [call(0, 1, ['b']), call(1, 2), call(2, 2)];
  expect(placed(policy, pending, [core('a', 1), core('b', 0)])).toEqual(['s1@a']);
  expect(placed(policy, [pending[0] as PendingCall, call(2, 2, ['b'])], [core('a', 0), core('b', 1)])).toEqual([
    's0@b',
  ]);
});

test('with n agents waiting, the head of each starts within n starts', () => {
  const policy = new RoundRobin();
  const draw = uniform(7);
  const below = (limit: number) => Math.floor(draw() * limit);
  const waits = new Map<number, { left: number }>();
  let pending: PendingCall[] = [];
  let seq = 0;
  let starts = 0;
  let fewestLeft = Number.POSITIVE_INFINITY;
  while (starts < 100_000) {
    for (let n = below(4); n > 0 && pending.length < 40; n--) pending.push(call(seq++, 1 + below(12), ['a']));
    if (pending.length > 0 && below(10) === 0) pending.splice(below(pending.length), 1);
    const agents = new Set(pending.map(({ pid }) => pid));
    for (const pid of waits.keys()) if (!agents.has(pid)) waits.delete(pid);
    // An agent that has just come has the others that wait now before it, and no one who comes later.
    for (const pid of agents) if (!waits.has(pid)) waits.set(pid, { left: agents.size });
    const [start] = policy.schedule({ now: 0, pending, cores: [core('a', 1)] });
    if (start === undefined) continue;
    const started = pending.find(({ id }) => id === start.syscallId) as PendingCall;
    pending = pending.filter((one) => one !== started);
    for (const wait of waits.values()) fewestLeft = Math.min(fewestLeft, --wait.left);
    waits.delete(started.pid);
    starts++;
  }
  expect(fewestLeft).toBe(0);
});
