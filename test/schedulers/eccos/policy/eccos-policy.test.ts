import { describe, expect, test } from 'vitest';
import { eccosParameters, eccosPolicy } from '../../../../schedulers/eccos/policy/parameters.js';
import type { PredictableCall, Predictor } from '../../../../schedulers/eccos/predictor/prediction.js';
import type { FinishedCall, PendingCall, SchedulableCore, SchedulerPolicy } from '../../../../schedulers/policy.js';
import { promptOf } from '../../../../syscalls/llm-chat.js';
import { madeUpPredictor } from '../../../support/made-up-predictor.js';
import { coreOf, pendingCall } from '../../../support/scheduling.js';

const IDS = ['small', 'middle', 'large'] as const;
type Quality = Readonly<Record<(typeof IDS)[number], number>>;
const USUAL: Quality = { small: 0.5, middle: 0.7, large: 0.9 };

/** Predicts the same of every call, at a tenth, one and ten cents, but for what `special` says of a prompt. */
function predicting(
  special: Readonly<Record<string, Partial<Quality>>> = {},
): Predictor & { readonly asked: string[] } {
  const base = madeUpPredictor();
  return {
    ...base,
    predict: async (calls, cores) => {
      const rows = await base.predict(calls, cores);
      return rows.map((row, i) => {
        const quality: Quality = { ...USUAL, ...special[promptOf((calls[i] as PredictableCall).params)] };
        return row.map((one, j) => ({ ...one, quality: quality[IDS[j] as keyof Quality], costMean: 0.001 * 10 ** j }));
      });
    },
  };
}

function eccos(given: Readonly<Record<string, string>> = {}, predictor: Predictor = predicting()) {
  return eccosPolicy(eccosParameters.parse({ gamma: '1', margin: '0', ...given }), predictor);
}

function cores(free: readonly number[] = [9, 9, 9]): SchedulableCore[] {
  return IDS.map((id, j) => coreOf(id, { free: free[j] as number, cap: 9 }));
}

function call(seq: number, more: Partial<PendingCall> = {}): PendingCall {
  return pendingCall(seq, { eligible: IDS, ...more });
}

function finished({ id, params }: PendingCall, core: string, more: Partial<FinishedCall> = {}): FinishedCall {
  return { id, tenant: 'default', core, inputTokens: 100, outputTokens: 50, costUsd: 0.001, params, ...more };
}

/** One tick over calls that have just come. @returns core by syscall id */
async function tick(
  policy: SchedulerPolicy,
  pending: readonly PendingCall[],
  {
    free = [9, 9, 9],
    now = 0,
    arrived = pending,
  }: { free?: readonly number[]; now?: number; arrived?: readonly PendingCall[] } = {},
): Promise<Record<string, string>> {
  if (arrived.length > 0) await policy.prepare?.(arrived, cores(free));
  return Object.fromEntries(
    policy.schedule({ now, pending, cores: cores(free) }).map((one) => [one.syscallId, one.core]),
  );
}

describe('predictions', () => {
  test('are asked for once a call, however often it is placed', async () => {
    const predictor = predicting();
    const policy = eccos({ alpha: '0.5' }, predictor);
    const pending = [call(0), call(1)];
    expect(await tick(policy, pending, { free: [1, 0, 0] })).toEqual({ s0: 'small' });
    expect(await tick(policy, [call(1, { placed: 'small' })], { arrived: [] })).toEqual({ s1: 'small' });
    expect(predictor.asked).toEqual(['call 0', 'call 1']);
  });

  test('that fail do not keep calls from being served', async () => {
    const policy = eccos({}, { ...predicting(), predict: () => Promise.reject(new Error('no model')) });
    await expect(policy.prepare([call(0)], cores())).rejects.toThrow('no model');
    expect(await tick(policy, [call(0), call(1)], { arrived: [] })).toEqual({
      s0: expect.any(String),
      s1: expect.any(String),
    });
  });
});

test('other cores than those of the boot are refused by name: the order of cores is that of the config', async () => {
  const policy = eccos();
  await policy.prepare([], cores());
  await expect(policy.prepare([call(0)], cores().toReversed())).rejects.toThrow(
    'Expected the cores of the boot, small, middle, large, got large, middle, small',
  );
});

describe('the target', () => {
  test('without an alpha is the mean over the cores of what was seen first, + .02', async () => {
    const policy = eccos();
    await tick(
      policy,
      Array.from({ length: 64 }, (_, seq) => call(seq)),
    );
    expect(policy.state.alpha).toBeCloseTo(0.72, 9);
    await policy.prepare(
      Array.from({ length: 64 }, (_, i) => call(64 + i, { params: { messages: [{ role: 'user', content: 'hard' }] } })),
      cores(),
    );
    expect(policy.state.alpha).toBeCloseTo(0.72, 9);
  });

  test('without an alpha is higher where nothing is known of the task, with a warning, and follows what ratings teach', async () => {
    let known = { quality: USUAL, ratings: 0, reliability: 0.2 };
    const base = predicting();
    const predictor: Predictor = {
      ...base,
      predict: async (calls, given) =>
        (await base.predict(calls, given)).map((row) =>
          row.map((one, j) => ({ ...one, ...known, quality: known.quality[IDS[j] as keyof Quality] })),
        ),
    };
    const policy = eccos({}, predictor);
    const send = async (from: number) => {
      const calls = Array.from({ length: 64 }, (_, i) => call(from + i));
      const placed = await tick(policy, calls, { free: [64, 64, 64] });
      for (const one of calls) {
        policy.release(one.id, finished(one, placed[one.id] as string));
        policy.feedback(finished(one, placed[one.id] as string), 1);
      }
    };
    await send(0);
    expect(policy.state.alpha).toBeCloseTo(0.77, 9);
    expect(policy.status().warning).toMatch(/^of 64 of the last 64 calls nothing is known: their kind of task is new/);
    known = { quality: { small: 0.7, middle: 0.9, large: 1 }, ratings: 64, reliability: 0.2 };
    for (let from = 64; from < 1024; from += 64) await send(from);
    expect(policy.state.alpha).toBeGreaterThan(0.84);
    expect(policy.status().warning).toBeUndefined();
  });

  test('without an alpha rests on cores that the calls may use', async () => {
    const policy = eccos();
    await tick(
      policy,
      Array.from({ length: 64 }, (_, seq) => call(seq, { eligible: ['small'] })),
    );
    expect(policy.state.alpha).toBeCloseTo(0.52, 9);
  });

  test('is reached at least cost: cheap calls for a low alpha, expensive ones for a high one', async () => {
    const placed = async (alpha: string) => Object.values(await tick(eccos({ alpha }), [call(0), call(1), call(2)]));
    expect(await placed('0.4')).toEqual(['small', 'small', 'small']);
    expect(await placed('0.95')).toEqual(['large', 'large', 'large']);
  });

  test('holds over the stream, not in every tick', async () => {
    const policy = eccos({ alpha: '0.7' });
    const chosen: string[] = [];
    for (let seq = 0; seq < 400; seq++) chosen.push((await tick(policy, [call(seq)]))[`s${seq}`] as string);
    const mean = chosen.reduce((sum, core) => sum + USUAL[core as keyof Quality], 0) / chosen.length;
    expect(Math.abs(mean - 0.7)).toBeLessThan(0.01);
    expect(policy.status().predictedQuality).toBeCloseTo(mean, 6);
  });
});

test('what calls that were never answered were expected to cost is back in the budget', async () => {
  const policy = eccos({ budgetPerHour: '60' });
  const serve = async (seq: number, end: (one: PendingCall, core: string) => FinishedCall | undefined) => {
    const one = call(seq);
    policy.release(one.id, end(one, (await tick(policy, [one]))[one.id] as string));
    return policy.state.lambda;
  };
  const whole = await serve(0, () => undefined);
  for (let seq = 1; seq < 100; seq++) await serve(seq, () => undefined);
  expect(policy.state.lambda / whole).toBeCloseTo(1, 9);
  for (let seq = 100; seq < 200; seq++) await serve(seq, (one, core) => finished(one, core, { costUsd: 0.01 }));
  expect(policy.state.lambda / whole).toBeLessThan(0.6);
});

describe('floors and deadlines', () => {
  const floor = (seq: number, minQuality: number) =>
    call(seq, { params: { messages: [{ role: 'user', content: `call ${seq}` }], minQuality } });

  test('a core below minQuality is not used, also when only it is free', async () => {
    expect(await tick(eccos({ alpha: '0.1' }), [floor(0, 0.8)])).toEqual({ s0: 'large' });
    expect(await tick(eccos({ alpha: '0.1' }), [floor(0, 0.8)], { free: [9, 9, 0] })).toEqual({});
  });

  test('where no core reaches it, the best one serves, and the reason says so', async () => {
    const policy = eccos({ alpha: '0.1' });
    await policy.prepare([floor(0, 0.95)], cores());
    expect(policy.schedule({ now: 0, pending: [floor(0, 0.95)], cores: cores() })).toMatchObject([
      { core: 'large', reason: expect.stringContaining('infeasible: no core is expected to reach minQuality 0.95') },
    ]);
  });

  /** A policy that knows that `small` takes 10 s and the others 1 s. */
  async function experienced(given: Record<string, string> = {}) {
    const policy = eccos({ alpha: '0.1', ...given });
    for (let seq = 0; seq < 30; seq++) {
      const core = IDS[seq % 3] as string;
      const pending = call(1000 + seq);
      await tick(policy, [pending], { free: IDS.map((id) => (id === core ? 1 : 0)) });
      const total = core === 'small' ? 10_000 : 1000;
      policy.release(pending.id, finished(pending, core, { times: { ttftMs: total / 10, restMs: 0.9 * total } }));
    }
    return policy;
  }

  test('a core that would take too long is not used, unless none is quick enough', async () => {
    // 200 tokens are expected at most, four times those of the answers before.
    expect(await tick(await experienced(), [call(0, { expiresAt: 200_000 })])).toEqual({ s0: 'small' });
    expect(await tick(await experienced(), [call(0, { expiresAt: 30_000 })])).toEqual({ s0: 'middle' });
    expect(await tick(await experienced(), [call(0, { expiresAt: 30_000 })], { free: [9, 0, 0] })).toEqual({});
    expect(await tick(await experienced(), [call(0, { expiresAt: 100 })])).toEqual({ s0: expect.any(String) });
  });

  test('the risk to a deadline is weighed before it is certain, and explained', async () => {
    const policy = await experienced();
    expect(await tick(policy, [call(0, { expiresAt: 45_000 })])).toEqual({ s0: 'middle' });
    expect(policy.explain('s0')?.find((line) => line.startsWith('small'))).toMatch(
      /\$[\d.]+ more, net, \$[\d.]+ of it for the risk to its deadline$/,
    );
  });

  test('calls whose deadline is near go before those of higher priority', async () => {
    const pending = [call(0, { priority: 9 }), call(1, { expiresAt: 5000 })];
    expect(await tick(await experienced(), pending, { free: [0, 1, 0] })).toEqual({ s1: 'middle' });
  });
});

describe('waiting', () => {
  test('a call that was not placed for five seconds goes before urgent ones', async () => {
    const policy = eccos();
    const patient = call(0);
    const startedAt = async () => {
      for (let now = 0; now < 10_000; now += 250) {
        const rival = call(1 + now, { priority: 9, since: now, acceptedAt: now });
        const arrived = now === 0 ? [patient, rival] : [rival];
        const placed = await tick(policy, [patient, rival], { free: [1, 0, 0], now, arrived });
        expect(Object.keys(placed)).toHaveLength(1);
        if (placed['s0'] !== undefined) return now;
      }
      return undefined;
    };
    expect(await startedAt()).toBe(5000);
  });

  test('n overdue calls on S slots are served within ceil(n / S) ticks, oldest first, whatever arrives', async () => {
    const policy = eccos({ overdueMs: '1000' });
    let pending = Array.from({ length: 20 }, (_, seq) => call(seq));
    await policy.prepare(pending, cores());
    const order: string[] = [];
    for (let n = 0; n < 7; n++) {
      const now = 1000 + n;
      const rivals = Array.from({ length: 10 }, (_, i) => call(100 + 10 * n + i, { priority: 9, since: now }));
      pending = [...pending, ...rivals];
      const placed = await tick(policy, pending, { free: [1, 1, 1], now, arrived: rivals });
      order.push(...Object.keys(placed).toSorted((a, b) => Number(a.slice(1)) - Number(b.slice(1))));
      pending = pending.filter(({ id }) => placed[id] === undefined);
    }
    expect(order.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, seq) => `s${seq}`));
  });

  test('a free slot goes to the call that it suits best, also if an older one waits; urgent ones go first all the same', async () => {
    const easy = { small: 0.9, middle: 0.9, large: 0.9 };
    const hard = { small: 0.05, middle: 0.1, large: 0.9 };
    // A third kind of call, of which only more is had for far more, keeps the price of quality well above what a hard one is worth.
    const lean = { small: 0.5, middle: 0.5, large: 0.6 };
    const known = predicting({ 'call 0': hard, 'call 1': easy, 'call 2': hard, 'call 3': easy, 'call 9': lean });
    const placed = (pending: readonly PendingCall[]) =>
      tick(eccos({ alpha: '0.95' }, known), pending, { free: [1, 0, 0], arrived: [...pending, call(9)] });
    expect(await placed([call(0), call(1)])).toEqual({ s1: 'small' });
    expect(await placed([call(3), call(2, { priority: 1 })])).toEqual({ s2: 'small' });
  });

  test('what one call has at stake, such as its deadline, does not make others go by age', async () => {
    const known = predicting({ 'call 0': { small: 0.05, middle: 0.1 }, 'call 1': { small: 0.9, middle: 0.9 } });
    const policy = eccos({ alpha: '0.9' }, known);
    for (let seq = 100; seq < 130; seq++) {
      const one = call(seq);
      const core = (await tick(policy, [one], { free: [0, 0, 1] }))[one.id] as string;
      policy.release(one.id, finished(one, core, { times: { ttftMs: 1000, restMs: 9000 } }));
    }
    const pending = [call(0), call(1, { since: 4000 }), call(2, { eligible: ['large'], expiresAt: 16_000 })];
    expect(await tick(policy, pending, { free: [1, 0, 0], now: 4000 })).toEqual({ s1: 'small' });
  });

  test('of equal calls the oldest goes first', async () => {
    const pending = [call(0, { since: 500 }), call(1, { since: 200 }), call(2, { since: 300 })];
    expect(await tick(eccos(), pending, { free: [1, 0, 0], now: 1000 })).toEqual({ s1: 'small' });
    expect(await tick(eccos(), [call(0), call(1)], { free: [1, 0, 0] })).toEqual({ s0: 'small' });
  });

  test('a preempted call stays on its core and waits again', async () => {
    const policy = eccos({ alpha: '0.1' });
    await tick(policy, [call(0)]);
    const preempted = call(0, { since: 5, eligible: ['large'], pinned: 'large' });
    expect(await tick(policy, [preempted], { arrived: [] })).toEqual({ s0: 'large' });
  });
});

describe('waiting on purpose', () => {
  /** Knows that every core takes a second, and that one of its nine slots of `small` is in use since `now` 0. */
  async function experienced(given: Record<string, string>) {
    const policy = eccos({ alpha: '0.1', ...given });
    for (let seq = 0; seq < 30; seq++) {
      const core = IDS[seq % 3] as string;
      const one = call(1000 + seq);
      await tick(policy, [one], { free: IDS.map((id) => (id === core ? 1 : 0)) });
      policy.release(one.id, finished(one, core, { times: { ttftMs: 100, restMs: 900 } }));
    }
    expect(await tick(policy, [call(2000)], { free: [1, 0, 0] })).toEqual({ s2000: 'small' });
    return policy;
  }
  const full = [0, 9, 9];

  test('a call waits for a full core that saves more than the wait costs, and says what for', async () => {
    const policy = await experienced({ waitPrice: '3.6' });
    expect(await tick(policy, [call(0)], { free: full })).toEqual({});
    expect(policy.explain('s0')?.[0]).toMatch(
      /^waits for small: free in about \d\.\d s, which costs \$0\.00\d+; saves \$0\.00\d+ against the best free core$/,
    );
  });

  test('and takes the free one where the wait costs more, where it must never wait, and where nothing says how long', async () => {
    expect(await tick(await experienced({ waitPrice: '360' }), [call(0)], { free: full })).toEqual({ s0: 'middle' });
    expect(await tick(await experienced({ waitPrice: 'never' }), [call(0)], { free: full })).toEqual({ s0: 'middle' });
    expect(await tick(eccos({ alpha: '0.1', waitPrice: '0' }), [call(0)], { free: full })).toEqual({ s0: 'middle' });
  });

  test('by default a second of waiting costs what a second of answering does: a tenth of a cent', async () => {
    expect(await tick(await experienced({}), [call(0)], { free: full })).toEqual({});
    const rivals = Array.from({ length: 20 }, (_, seq) => call(seq));
    // Each of the first ones waits for the slot of those before it as well, until a free one is better.
    const placed = Object.values(await tick(await experienced({}), rivals, { free: full }));
    expect(placed).toContain('middle');
    expect(placed.length).toBeLessThan(20);
  });

  test('an urgent call waits less, a patient one more, one without patience not at all', async () => {
    const patient = (seq: number, patience: number) =>
      call(seq, { params: { messages: [{ role: 'user', content: `call ${seq}` }], patience } });
    const price = { waitPrice: '3.6' };
    expect(await tick(await experienced(price), [call(0, { priority: 7 })], { free: full })).toEqual({ s0: 'middle' });
    expect(await tick(await experienced(price), [patient(0, 0)], { free: full })).toEqual({ s0: 'middle' });
    expect(await tick(await experienced({ waitPrice: '360' }), [patient(0, 100)], { free: full })).toEqual({});
  });

  test('nobody waits on purpose who is overdue, or whose deadline is near', async () => {
    const policy = await experienced({ waitPrice: '0' });
    expect(await tick(policy, [call(0)], { free: full, now: 4999 })).toEqual({});
    expect(await tick(policy, [call(0)], { free: full, now: 5000, arrived: [] })).toEqual({ s0: 'middle' });
    expect(await tick(policy, [call(1, { expiresAt: 7900, since: 5000 })], { free: full, now: 5000 })).toEqual({
      s1: 'middle',
    });
  });
});

describe('programs that take turns', () => {
  const flood = Array.from({ length: 30 }, (_, seq) => call(seq, { program: 1 }));
  const quiet = [call(30, { program: 2, pid: 3 }), call(31, { program: 2, pid: 4 })];

  /** Ids in the order in which one slot takes them, once all are overdue. */
  async function order(given: Record<string, string>): Promise<string[]> {
    const policy = eccos({ alpha: '0.1', waitPrice: 'never', ...given });
    await policy.prepare([...flood, ...quiet], cores());
    let pending = [...flood, ...quiet];
    const started: string[] = [];
    for (let now = 10_000; pending.length > 0; now++) {
      const [id] = Object.keys(await tick(policy, pending, { free: [1, 0, 0], now, arrived: [] }));
      started.push(id as string);
      pending = pending.filter((one) => one.id !== id);
      policy.release(id as string, undefined);
    }
    return started;
  }

  test('a flood of one does not hold up the others, whose processes count as one', async () => {
    const fair = await order({ fairness: 'program' });
    expect(fair.slice(0, 4).toSorted()).toEqual(['s0', 's1', 's30', 's31']);
    expect(fair).toHaveLength(32);
    expect((await order({})).slice(-2)).toEqual(['s30', 's31']);
  });
});

test('with little ageing shorter answers go first, also before those that wait for longer', async () => {
  const long = { params: { messages: [{ role: 'user' as const, content: 'long' }] } };
  const predictor = madeUpPredictor();
  const tokens: Predictor = {
    ...predictor,
    predict: async (calls, given) =>
      (await predictor.predict(calls, given)).map((row, i) =>
        row.map((one) => ({
          ...one,
          tokensMean: promptOf((calls[i] as PredictableCall).params) === 'long' ? 500 : 50,
        })),
      ),
  };
  const first = async (ageing: string) => {
    const policy = eccos({ ageing, waitPrice: '0', alpha: '0.1' }, tokens);
    // The last one goes on: its slot is the second place of the queue.
    for (let seq = 100; seq < 107; seq++) {
      const one = call(seq, { eligible: ['small'] });
      await tick(policy, [one], { free: [1, 0, 0] });
      if (seq < 106) policy.release(one.id, finished(one, 'small', { times: { ttftMs: 0, restMs: 1000 } }));
    }
    const pending = [call(0, { ...long, eligible: ['small'] }), call(1, { since: 4000, eligible: ['small'] })];
    return Object.keys(await tick(policy, pending, { free: [1, 0, 0], now: 4000 }))[0];
  };
  expect(await first('3')).toBe('s0');
  expect(await first('0.1')).toBe('s1');
});

describe('a long backlog', () => {
  const backlog = Array.from({ length: 100_000 }, (_, seq) => call(seq, { priority: seq === 99_999 ? 9 : 0 }));

  test('is decided on in part: the oldest and the most urgent calls', async () => {
    const predictor = predicting();
    const policy = eccos({ alpha: '0.7' }, predictor);
    const placed = await tick(policy, backlog, { free: [2, 2, 2], arrived: backlog.slice(0, 10) });
    expect(placed['s99999']).toBeDefined();
    const others = Object.keys(placed).filter((id) => id !== 's99999');
    expect(others).toHaveLength(5);
    for (const id of others) expect(Number(id.slice(1))).toBeLessThan(64);
    expect(policy.status().greedy).toBe(0);
  });

  test('with more slots than one solve may fill, the rest is placed one by one, and counted', async () => {
    const policy = eccos({ alpha: '0.7' });
    const placed = await tick(policy, backlog.slice(0, 20_000), { free: [4000, 4000, 4000], arrived: [] });
    expect(Object.keys(placed)).toHaveLength(12_000);
    expect(policy.status().greedy).toBe(12_000 - 8192);
  });

  test('does not leave a slot idle that only a late call can use', async () => {
    const late = call(5000, { eligible: ['large'] });
    const pending = [...backlog.slice(0, 5000).map((one) => ({ ...one, eligible: ['small', 'middle'] })), late];
    expect((await tick(eccos(), pending, { free: [1, 0, 1], arrived: [] }))['s5000']).toBe('large');
  });
});

describe('what is reported', () => {
  test('every decision has a reason of one line and an explanation of all cores', async () => {
    const policy = eccos({ alpha: '0.7' });
    await policy.prepare([call(0), call(1, { eligible: ['small'] })], cores());
    const [first] = policy.schedule({
      now: 0,
      pending: [call(0), call(1, { eligible: ['small'] })],
      cores: cores([0, 9, 9]),
    });
    expect(first?.reason).toMatch(/^quality 0\.\d{3} for \$0\.\d+ expected; quality costs \$/);
    const [head, price, ...table] = policy.explain('s0') as readonly string[];
    expect(head).toBe(`on ${first?.core}`);
    expect(price).toMatch(/^price of quality \$.*, aiming at 0.700 for alpha 0.700/);
    expect(table.map((line) => line.replace(/ {2,}/g, '|').split('|')[7])).toEqual([
      undefined,
      'no free slot',
      first?.core === 'middle' ? 'chosen' : expect.stringMatching(/more, net$/),
      first?.core === 'large' ? 'chosen' : expect.stringMatching(/more, net$/),
    ]);
    expect(policy.explain('s1')).toEqual([
      'waits: no slot was left for it',
      price,
      expect.stringMatching(/^CORE/),
      expect.stringMatching(/^small .* no free slot$/),
      expect.stringMatching(/^middle .* not eligible$/),
      expect.stringMatching(/^large .* not eligible$/),
    ]);
    policy.release('s0', undefined);
    expect(policy.explain('s0')).toBeUndefined();
  });

  test('the predictor hears of every rating, and the aim follows; a late one does no harm', async () => {
    let rated = 0;
    const policy = eccos({ alpha: '0.9' }, { ...predicting(), rated: () => rated++ });
    for (let seq = 0; seq < 64; seq++) {
      const one = call(seq);
      const core = (await tick(policy, [one]))[one.id] as string;
      policy.release(one.id, finished(one, core));
      policy.feedback(finished(one, core), 0);
    }
    expect(rated).toBe(64);
    expect(policy.state.aim).toBeCloseTo(1, 9);
    policy.feedback(finished(call(999), 'small'), 0);
  });
});

test.each([
  ['alpha=2', { alpha: '2' }],
  ['alpha=x', { alpha: 'x' }],
  ['both targets', { alpha: '0.7', budgetPerHour: '3' }],
  ['overdueMs=-1', { overdueMs: '-1' }],
  ['an unknown parameter', { alhpa: '0.7' }],
])('%s is refused', (_, given) => {
  expect(eccosParameters.safeParse(given).success).toBe(false);
});
