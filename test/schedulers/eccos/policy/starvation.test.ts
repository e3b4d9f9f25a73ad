import { describe, expect, test } from 'vitest';
import { eccosParameters, eccosPolicy } from '../../../../schedulers/eccos/policy/parameters.js';
import type { PendingCall } from '../../../../schedulers/policy.js';
import { uniform } from '../../../../schedulers/uniform.js';
import { promptOf } from '../../../../syscalls/llm-chat.js';
import { madeUpPredictor } from '../../../support/made-up-predictor.js';
import { OverdueWitness } from '../../../support/overdue-witness.js';
import { coreOf, pendingCall } from '../../../support/scheduling.js';

/** Expects little of what is hard, and everything of the rest: by price and quality a hard call never wins. */
const predictor = () => madeUpPredictor(({ params }) => (promptOf(params) === 'hard' ? 0.05 : 0.95));

const eccos = (given: Record<string, string> = {}) =>
  eccosPolicy(eccosParameters.parse({ alpha: '0.9', ...given }), predictor());

const hard = { params: { messages: [{ role: 'user' as const, content: 'hard' }] } };

interface World {
  readonly ids: readonly string[];
  readonly ticks: number;
  /** Calls that come before a tick, of which the first argument is the number. */
  readonly arrivals: (tick: number, nextSeq: () => number) => PendingCall[];
  readonly freeOf: (tick: number, core: number) => number;
}

const TICK_MS = 250;

/** Ticks over a pool whose slots free as the world says; what is placed on a free slot is gone. */
async function play(witness: OverdueWitness, { ids, ticks, arrivals, freeOf }: World): Promise<PendingCall[]> {
  const { policy } = witness;
  let seq = 0;
  let pending: PendingCall[] = [];
  for (let tick = 0; tick < ticks; tick++) {
    const now = tick * TICK_MS;
    const arrived = arrivals(tick, () => seq++).map((call) => ({ ...call, acceptedAt: now, since: now }));
    const cores = ids.map((id, j) => coreOf(id, { free: freeOf(tick, j), cap: 9, price: 10 ** j }));
    await policy.prepare?.(arrived, cores);
    pending = [...pending, ...arrived];
    const left = new Map(cores.map(({ id, free }) => [id, free]));
    const gone = new Set<string>();
    for (const { syscallId, core } of policy.schedule({ now, pending, cores })) {
      if ((left.get(core) ?? 0) === 0) continue;
      left.set(core, (left.get(core) ?? 0) - 1);
      gone.add(syscallId);
    }
    pending = pending.filter(({ id }) => !gone.has(id));
  }
  return pending;
}

/** One slot a tick, and for 60 ticks three urgent easy calls for it; now and then a hard one among them. */
const CONTESTED: World = {
  ids: ['only'],
  ticks: 200,
  arrivals: (tick, nextSeq) => {
    const late = tick % 10 === 0 && tick < 60 ? [hard] : [];
    const urgent = Array.from({ length: tick < 60 ? 3 : 0 }, () => ({ priority: 9 }));
    return [...late, ...urgent].map((more) => pendingCall(nextSeq(), { eligible: ['only'], ...more }));
  },
  freeOf: () => 1,
};

describe.each(['never', '0', 'auto'])('where waiting costs %s', (waitPrice) => {
  test('one contested slot a tick, and three urgent easy calls for each: no call waits past its bound', async () => {
    const witness = new OverdueWitness(eccos({ waitPrice }));
    expect(await play(witness, CONTESTED)).toEqual([]);
    expect(witness.breaches).toEqual([]);
    expect(witness.overdue).toBeGreaterThan(100);
  });

  test('random pools, slots, allow lists and urgency: the bound holds for every call', async () => {
    let overdue = 0;
    for (let seed = 1; seed <= 10; seed++) {
      const draw = uniform(seed);
      const ids = Array.from({ length: 1 + Math.floor(draw() * 4) }, (_, j) => `core-${j}`);
      const witness = new OverdueWitness(eccos({ waitPrice }));
      await play(witness, {
        ids,
        ticks: 150,
        arrivals: (_, nextSeq) =>
          Array.from({ length: Math.floor(draw() * 2.5 * ids.length) }, () => {
            const allowed = ids.filter(() => draw() < 0.6);
            const eligible = allowed.length === 0 ? ids : allowed;
            const kind = draw() < 0.3 ? hard : { priority: Math.floor(draw() * 10) };
            return pendingCall(nextSeq(), { eligible, ...kind });
          }),
        freeOf: () => (draw() < 0.6 ? Math.floor(draw() * 3) : 0),
      });
      expect(witness.breaches, `seed ${seed}`).toEqual([]);
      overdue += witness.overdue;
    }
    expect(overdue).toBeGreaterThan(250);
  });
});

test('without the rule for overdue calls the witness finds breaches', async () => {
  const witness = new OverdueWitness(eccos({ overdueMs: '1000000000' }));
  await play(witness, CONTESTED);
  expect(witness.breaches.length).toBeGreaterThan(0);
});
