import { expect, test } from 'vitest';
import { recordedCores } from '../../../../agents/lab/compare/recorded-source.js';
import { virtualStage } from '../../../../agents/lab/compare/stages.js';
import { runTrial } from '../../../../agents/lab/compare/trial.js';
import { closedBatches } from '../../../../agents/lab/load/recorded-load.js';
import { knownOutcomes } from '../../../../agents/lab/records/known-outcomes.js';
import { LazyPredictor } from '../../../../schedulers/eccos/predictor/lazy-predictor.js';
import type { PendingCall, SchedulerPolicy } from '../../../../schedulers/policy.js';
import { fieldFrom, type Row, recordsOf } from './made-field.js';

const ROWS: readonly Row[] = [
  { a: [1, 0.001], b: [0.5, 0.002] },
  { a: [0, 0.003], b: [1, 0.004] },
  { a: [0.5, 0.005], b: [0, 0.006] },
];

/** Places each call as it says, and writes down what happens to it. */
function scripted(core: (call: PendingCall, index: number) => string | undefined) {
  const log: string[] = [];
  const policy: SchedulerPolicy = {
    name: 'scripted',
    async prepare(arrived) {
      if (arrived.length > 0) log.push(`prepare ${arrived.map(({ seq }) => seq).join(' ')}`);
    },
    schedule({ pending, cores }) {
      log.push(`schedule ${pending.length} on ${cores.map(({ id, free }) => `${id}:${free}`).join(' ')}`);
      return pending.flatMap((call, i) => {
        const chosen = core(call, i);
        return chosen === undefined ? [] : [{ syscallId: call.id, core: chosen, reason: 'as scripted' }];
      });
    },
    release(_, finished) {
      log.push(`release ${finished?.core} ${finished?.costUsd} ${finished?.outputTokens}`);
    },
    feedback(_, quality) {
      log.push(`feedback ${quality}`);
    },
  };
  return { policy, log };
}

/** The kernel plays these records in closed batches of 2, on cores with one slot each and answers of one length in time. */
async function play(policy: SchedulerPolicy, rows: readonly number[], isRated = true) {
  const records = recordsOf(ROWS);
  const latency = { ttftMs: 1000, ttftMsPerInputToken: 0, tpotMs: 0 };
  const cores = recordedCores(records, ['a', 'b'], ['made up']).map((core) => ({ ...core, cap: 1, latency }));
  const table = { byPrompt: new Map(records.map((record) => [record.prompt, record])), repeated: [] };
  const outcomes = { load: async () => table };
  const load = closedBatches(
    rows.map((row) => records[row] as (typeof records)[number]),
    2,
  );
  return runTrial(
    {
      cores,
      seed: 1,
      deps: { outcomes },
      known: await knownOutcomes(cores, { seed: 1, outcomes }),
      createPolicy: () => policy,
      predictors: {
        services: { predictor: () => new LazyPredictor({}) },
        predictMs: () => 0,
        close: async () => {},
      },
      load,
      rated: new Set(isRated ? load.runs.flatMap(({ calls }) => calls) : []),
      work: undefined,
      onCall() {},
    },
    virtualStage(),
  );
}

test('all slots are free at the start of each batch, and answers are those of the records', async () => {
  const { policy, log } = scripted((_, i) => (i === 0 ? 'b' : 'a'));
  const { calls, planned, capViolations } = await play(policy, [2, 0, 1]);
  expect(log).toEqual([
    'prepare 0 1',
    'schedule 2 on a:1 b:1',
    'release b 0.006 6000',
    'feedback 0',
    'release a 0.001 1000',
    'feedback 1',
    'prepare 2',
    'schedule 1 on a:1 b:1',
    'release b 0.004 4000',
    'feedback 1',
  ]);
  expect({ planned, capViolations }).toEqual({ planned: 3, capViolations: 0 });
  expect(calls.map(({ run, answer, score }) => [run, answer?.core, score])).toEqual([
    [0, 'b', 0],
    [1, 'a', 1],
    [2, 'b', 1],
  ]);
});

test('what a tick leaves gets the next one, before the next batch arrives', async () => {
  const { policy, log } = scripted((_, i) => (i === 0 ? 'a' : undefined));
  await play(policy, [0, 1, 2], false);
  expect(log.filter((line) => line.startsWith('schedule 2') || line.startsWith('prepare'))).toEqual([
    'prepare 0 1',
    'schedule 2 on a:1 b:1',
    'prepare 2',
  ]);
  const releases = log.filter((line) => line.startsWith('release'));
  expect(releases).toEqual(['release a 0.001 1000', 'release a 0.003 3000', 'release a 0.005 5000']);
  expect(log.indexOf('prepare 2')).toBeGreaterThan(log.indexOf(releases[1] as string));
  expect(log.some((line) => line.startsWith('feedback'))).toBe(false);
});

test('a record that was sent twice is two calls', async () => {
  const { policy } = scripted((_, i) => (i === 0 ? 'a' : 'b'));
  const { calls } = await play(policy, [1, 1]);
  expect(calls.map(({ score }) => score)).toEqual([0, 1]);
});

test('the field reports the core that a policy chose for each call, in order', async () => {
  const field = fieldFrom(ROWS, { a: 3, b: 3 });
  const { columns, predicted } = await field.play('per-call:threshold=1', Int32Array.of(2, 0, 1), { batch: 2 });
  expect([...columns]).toEqual([0, 0, 1]);
  expect(predicted).toBeCloseTo((1 + 1 + 0.5) / 3, 12);
});

test('a call that no core can answer is found out', async () => {
  const field = fieldFrom(ROWS, { a: 0, b: 0 });
  await expect(field.play('fifo', Int32Array.of(0, 1, 2), { batch: 2 })).rejects.toThrow(
    'fifo: Expected every call to be answered within the caps, got 0 of 3 answered',
  );
});
