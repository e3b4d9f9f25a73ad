import { fifo } from '../schedulers/fifo.js';
import { MOST_LEARNT_BYTES } from '../schedulers/learnt.js';
import type {
  Assignment,
  CorePrediction,
  FinishedCall,
  PendingCall,
  PolicyHook,
  PolicyStatus,
  Refusal,
  SchedulableCore,
  SchedulerPolicy,
  SchedulingSnapshot,
} from '../schedulers/policy.js';
import type { Rater } from '../syscalls/control.js';
import { SyscallError } from '../syscalls/errors.js';
import type { StatsReply } from '../syscalls/stats.js';
import type { Millis, SyscallId } from '../syscalls/syscall.js';
import type { KernelEvents } from './events.js';
import type { Logger } from './log.js';
import type { Metrics } from './metrics.js';

/** The policy as the kernel sees it: what it throws, or returns in place of an answer, is reported to watchers and goes no further. */
export class PolicyGuard {
  readonly #policy: SchedulerPolicy;
  /** Decides in a tick in which the policy throws. */
  readonly #fallback = fifo();
  readonly #metrics: Metrics;
  readonly #events: KernelEvents;
  readonly #log: Logger;
  /** Hooks that threw. Of each only the first time is logged: a policy that is broken throws in every tick. */
  readonly #logged = new Set<PolicyHook>();

  constructor(deps: {
    readonly policy: SchedulerPolicy;
    readonly metrics: Metrics;
    readonly events: KernelEvents;
    readonly log: Logger;
  }) {
    this.#policy = deps.policy;
    this.#metrics = deps.metrics;
    this.#events = deps.events;
    this.#log = deps.log;
  }

  get name(): string {
    return this.#policy.name;
  }

  get timeSliceMs(): Millis | undefined {
    return this.#policy.timeSliceMs;
  }

  get tickMs(): Millis {
    return this.#policy.tickMs ?? 0;
  }

  /** Whether a call must be prepared before it is scheduled. */
  get prepares(): boolean {
    return this.#policy.prepare !== undefined;
  }

  /** Whether it looks at new calls before they are scheduled, to refuse some. */
  get refuses(): boolean {
    return this.#policy.refuse !== undefined;
  }

  /** Has it prepare for nothing, so that what it cannot read stops the boot. @throws whatever it throws */
  async ready(cores: readonly SchedulableCore[]): Promise<void> {
    await this.#policy.prepare?.([], cores);
  }

  /** Never rejects. */
  async prepare(arrived: readonly PendingCall[], cores: readonly SchedulableCore[]): Promise<void> {
    try {
      await this.#policy.prepare?.(arrived, cores);
    } catch (error) {
      this.#fellBack('prepare', error);
    }
  }

  refuse(arrived: SchedulingSnapshot): readonly Refusal[] {
    if (this.#policy.refuse === undefined) return [];
    try {
      return listed(this.#policy.refuse(arrived)).map(({ syscallId, reason }) => ({
        syscallId,
        reason: String(reason),
      }));
    } catch (error) {
      this.#fellBack('refuse', error);
      return [];
    }
  }

  schedule(snapshot: SchedulingSnapshot): readonly Assignment[] {
    try {
      return listed(this.#policy.schedule(snapshot)).map(checked);
    } catch (error) {
      this.#fellBack('schedule', error);
      return this.#fallback.schedule(snapshot);
    }
  }

  release(id: SyscallId, finished: FinishedCall | undefined): void {
    try {
      this.#letRun('release', this.#policy.release?.(id, finished));
    } catch (error) {
      this.#threw('release', error);
    }
  }

  feedback(call: FinishedCall, quality: number, by: Rater): void {
    try {
      this.#letRun('feedback', this.#policy.feedback?.(call, quality, by));
    } catch (error) {
      this.#threw('feedback', error);
    }
  }

  /** Never rejects. */
  async save(): Promise<void> {
    try {
      await this.#policy.save?.();
    } catch (error) {
      this.#threw('save', error);
    }
  }

  /** Whether what it has learnt can be handed to another kernel. */
  get isPortable(): boolean {
    return this.#policy.snapshot !== undefined && this.#policy.restore !== undefined;
  }

  /** What it has learnt; undefined where it does not say, or says too much. */
  snapshot(): Uint8Array | undefined {
    try {
      const bytes = this.#policy.snapshot?.();
      if (bytes === undefined) return undefined;
      if (bytes instanceof Uint8Array && bytes.length <= MOST_LEARNT_BYTES) return bytes;
      throw new TypeError(`Expected a Uint8Array of at most ${MOST_LEARNT_BYTES} bytes, got ${sizeOf(bytes)}`);
    } catch (error) {
      this.#threw('snapshot', error);
      return undefined;
    }
  }

  /** Has it go on from what another one has learnt. What it refuses is left alone, and it begins anew. @returns whether it took it */
  restore(snapshot: Uint8Array): boolean {
    try {
      this.#policy.restore?.(snapshot);
      return true;
    } catch (error) {
      const { message } = SyscallError.from(error);
      this.#log.warn({ policy: this.#policy.name }, `the policy begins anew: ${message}`);
      return false;
    }
  }

  /** What it aims at and expects, as `kernel.stats` reports it; empty where the policy does not say. */
  outlook(): Pick<StatsReply, 'outlook'> {
    try {
      const status = this.#policy.status?.();
      if (status === undefined) return {};
      notPromised(status);
      const { outOfReach = false, greedy = 0, warning, secondPrices = {} } = status;
      const lacks = warning === undefined ? {} : { warning };
      const prices = Object.fromEntries(Object.entries(secondPrices).filter(([, usd]) => Number.isFinite(usd)));
      return { outlook: { ...numbersOf(status), outOfReach, greedy, secondPrices: prices, ...lacks } };
    } catch (error) {
      this.#threw('status', error);
      return {};
    }
  }

  /** Empty where it gives no reasons. */
  explain(id: SyscallId): readonly string[] {
    try {
      return listed(this.#policy.explain?.(id) ?? []).map(String);
    } catch (error) {
      this.#threw('explain', error);
      return [];
    }
  }

  /** What was expected of a call, an entry a core; empty where the policy does not say. */
  predictions(id: SyscallId): readonly CorePrediction[] {
    try {
      const known = ({ quality, costUsd }: CorePrediction) => Number.isFinite(quality) && Number.isFinite(costUsd);
      return listed(this.#policy.predictions?.(id) ?? []).filter(known);
    } catch (error) {
      this.#threw('predictions', error);
      return [];
    }
  }

  /** Never rejects. */
  async close(): Promise<void> {
    try {
      await this.#policy.close?.();
    } catch (error) {
      this.#threw('close', error);
    }
  }

  /** A hook of a file may be async, though nobody waits for it: its rejection must not end the process. */
  #letRun(hook: PolicyHook, result: unknown): void {
    if (result instanceof Promise) result.catch((error) => this.#threw(hook, error));
  }

  #fellBack(hook: PolicyHook, error: unknown): void {
    this.#metrics.scheduler.fallbacks++;
    this.#threw(hook, error);
  }

  #threw(hook: PolicyHook, error: unknown): void {
    this.#events.emit('policyThrew', { hook, error });
    if (this.#logged.has(hook)) return;
    this.#logged.add(hook);
    this.#log.error({ err: error, policy: this.#policy.name }, `the policy threw in ${hook}; not logged again`);
  }
}

const STATUS_NUMBERS = ['alpha', 'predictedQuality', 'ratedQuality', 'priceOfQuality', 'waitPrice'] as const;

/** The numbers of a status that are there. */
function numbersOf(status: PolicyStatus): { readonly [Name in (typeof STATUS_NUMBERS)[number]]?: number } {
  return Object.fromEntries(
    STATUS_NUMBERS.flatMap((name) => (Number.isFinite(status[name]) ? [[name, status[name]]] : [])),
  );
}

function sizeOf(given: unknown): string {
  return given instanceof Uint8Array ? `${given.length} bytes` : typeof given;
}

/** A policy from a file may have left the reason out, or predicted nonsense. */
function checked({ syscallId, core, reason = '', outputTokensP90 }: Assignment): Assignment {
  const isSound = typeof outputTokensP90 === 'number' && outputTokensP90 >= 0 && Number.isFinite(outputTokensP90);
  return { syscallId, core, reason: String(reason), outputTokensP90: isSound ? outputTokensP90 : undefined };
}

/** @throws TypeError for what a policy from a file may return in place of a list */
function listed<Entry>(answer: readonly Entry[]): readonly Entry[] {
  const given: unknown = answer;
  if (Array.isArray(given)) return answer;
  notPromised(given);
  throw new TypeError(`Expected an array, got ${given === null ? 'null' : typeof given}`);
}

/** @throws TypeError for a promise, which nobody waits for: its rejection must not end the process */
function notPromised(given: unknown): void {
  if (!(given instanceof Promise)) return;
  given.catch(() => {});
  throw new TypeError('Expected an answer at once, got a promise');
}
