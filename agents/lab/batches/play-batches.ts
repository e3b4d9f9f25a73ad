import type { PredictableCall } from '../../../schedulers/eccos/predictor/prediction.js';
import type { FinishedCall, PendingCall, SchedulableCore, SchedulerPolicy } from '../../../schedulers/policy.js';
import type { CoreInfo } from '../../../syscalls/cores.js';
import type { Outcomes } from '../metrics/outcomes.js';

/** Recorded calls, and what becomes of each on each core. */
export interface RecordedCalls {
  /** Row by row of the outcomes. */
  readonly calls: readonly PredictableCall[];
  /** Column by column of the outcomes; `cap` is how many calls of a batch the core takes. */
  readonly cores: readonly CoreInfo[];
  readonly outcomes: Outcomes;
}

/** What a policy made of a sequence of calls. */
export interface Played {
  /** Mean score. */
  readonly quality: number;
  /** Mean US dollars a call. */
  readonly costUsd: number;
  /** Mean quality that the policy expected; null: it expects nothing. */
  readonly predicted: number | null;
  /** Column of the core of each call, in order. */
  readonly columns: Int32Array;
}

export interface BatchRules {
  /** Calls that arrive together. */
  readonly batch: number;
  /** Whether the policy is told how good each answer was. @default true */
  readonly judged?: boolean;
}

/** Milliseconds on the policy's clock from batch to batch. No times are recorded, so that only the order counts. */
const BATCH_MS = 1000;

/**
 * Plays calls through a policy in closed batches: the calls of a batch arrive together, when all slots are free. What a
 * tick places is answered, and judged, at once, as recorded; what it leaves gets the next tick, with all slots free again.
 *
 * @param rows the calls in order, each as often as it occurs
 * @throws RangeError for a policy that passes a cap, places what is not pending, or places nothing
 */
export async function playBatches(
  policy: SchedulerPolicy,
  recorded: RecordedCalls,
  rows: Int32Array,
  { batch, judged = true }: BatchRules,
): Promise<Played> {
  const cores = recorded.cores.map((core): SchedulableCore => ({ ...core, running: 0, free: core.cap }));
  const eligible = cores.map(({ id }) => id);
  const answers = new Answers(recorded, rows);
  for (let from = 0; from < rows.length; from += batch) {
    const now = (from / batch) * BATCH_MS;
    let pending = Array.from(rows.subarray(from, from + batch), (row, i) =>
      pendingCall(recorded.calls[row] as PredictableCall, from + i, eligible, now),
    );
    await policy.prepare?.(pending, cores);
    while (pending.length > 0) {
      const placed = new Map(
        policy.schedule({ now, pending, cores }).map(({ syscallId, core }) => [syscallId, core] as const),
      );
      const started = pending.filter(({ id }) => placed.has(id));
      checkPlaced(policy, [...placed.values()], started.length, cores);
      const finished = started.map((call) => answers.of(call, placed.get(call.id) as string));
      for (const [call] of finished) policy.release?.(call.id, call);
      for (const [call, score] of judged ? finished : []) policy.feedback?.(call, score);
      pending = pending.filter(({ id }) => !placed.has(id));
    }
  }
  const { score, costUsd, columns } = answers;
  return {
    quality: score / rows.length,
    costUsd: costUsd / rows.length,
    predicted: policy.status?.().predictedQuality ?? null,
    columns,
  };
}

/** Looks up answers, and sums them. */
class Answers {
  score = 0;
  costUsd = 0;
  readonly columns: Int32Array;
  readonly #rows: Int32Array;
  readonly #outcomes: Outcomes;
  readonly #columnOf: ReadonlyMap<string, number>;

  constructor({ outcomes, cores }: RecordedCalls, rows: Int32Array) {
    this.columns = new Int32Array(rows.length);
    this.#rows = rows;
    this.#outcomes = outcomes;
    this.#columnOf = new Map(cores.map(({ id }, column) => [id, column]));
  }

  of({ id, seq, tenant, inputTokens, params }: PendingCall, core: string): [FinishedCall, number] {
    const { models, score, costUsd, outputTokens } = this.#outcomes;
    const column = this.#columnOf.get(core) as number;
    const cell = this.#rows[seq]! * models + column;
    this.columns[seq] = column;
    this.score += score[cell]!;
    this.costUsd += costUsd[cell]!;
    return [
      { id, tenant, core, inputTokens, params, outputTokens: outputTokens[cell]!, costUsd: costUsd[cell]! },
      score[cell]!,
    ];
  }
}

function pendingCall(
  { tenant, inputTokens, params }: PredictableCall,
  seq: number,
  eligible: readonly string[],
  now: number,
): PendingCall {
  return {
    id: `call-${seq}`,
    seq,
    pid: 1,
    tenant,
    acceptedAt: now,
    since: now,
    expiresAt: undefined,
    priority: 0,
    inputTokens,
    eligible,
    pinned: undefined,
    placed: undefined,
    params,
  };
}

function checkPlaced(
  { name }: SchedulerPolicy,
  placed: readonly string[],
  started: number,
  cores: readonly SchedulableCore[],
): void {
  if (started === 0 || started < placed.length) {
    throw new RangeError(
      `${name}: Expected some of the pending calls to be placed, got ${started} of ${placed.length}`,
    );
  }
  for (const { id, free } of cores) {
    const count = placed.filter((core) => core === id).length;
    if (count > free) throw new RangeError(`${name}: Expected at most ${free} calls on ${id}, got ${count}`);
  }
}
