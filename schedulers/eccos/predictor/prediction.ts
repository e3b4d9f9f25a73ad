import type { CoreInfo } from '../../../syscalls/cores.js';
import type { FinishedCall, PendingCall } from '../../policy.js';
import type { BeliefsState } from './beliefs.js';

/**
 * What a prediction rests on beside similar calls: `trained` = nets that were trained on this model; else the difficulty
 * that the nets see, mapped to this core by: `fitted` = its own feedback; `mean` = the little feedback that there is;
 * `prior` = the quality that the config gives; `pool` = the mean of the other cores, because nothing is known of this one.
 */
export const PREDICTION_SOURCES = ['trained', 'fitted', 'mean', 'prior', 'pool'] as const;
export type PredictionSource = (typeof PREDICTION_SOURCES)[number];

/** What is expected of one core's answer to one call. */
export interface Prediction {
  /** Probability of a correct answer, 0 to 1. */
  readonly quality: number;
  /** Expected output tokens. */
  readonly tokensMean: number;
  /** Output tokens that nine answers in ten stay below. */
  readonly tokensP90: number;
  /** US dollars, at the core's price. */
  readonly costMean: number;
  readonly source: PredictionSource;
  /** Rated calls behind it, those less similar counting for less; 0 where only a net or a prior speaks. */
  readonly nEffective: number;
  /** Cosine of the most similar rated call; null: none. */
  readonly similarity: number | null;
  /** Rated answers of the call's task, by any core, that the call's tenant has shown. */
  readonly ratings: number;
  /**
   * Share of what sets this prompt apart from others of its task that is believed, 0 to 1. 0 = it is predicted as the mean of
   * its task. With `ratings` 0 it is near 0 where the nets do not know the task: then nothing is known of it.
   */
  readonly reliability: number;
}

/** The part of a call that a prediction rests on. */
export type PredictableCall = Pick<PendingCall, 'tenant' | 'inputTokens' | 'params'>;

/** The part of an answered call that is learnt from. */
export type AnsweredCall = Pick<FinishedCall, 'tenant' | 'core' | 'outputTokens' | 'params'>;

/** Expects quality, tokens and cost of every call on every core, and learns from what became of them. */
export interface Predictor {
  /** @returns a row a call, a column a core */
  predict(calls: readonly PredictableCall[], cores: readonly CoreInfo[]): Promise<readonly (readonly Prediction[])[]>;
  /** A call was answered: its tokens are known. */
  finished(call: AnsweredCall): void;
  /** An answer was rated, 0 to 1. What is learnt shows in later predictions. @param weight usual ratings that it counts for @default 1 */
  rated(call: AnsweredCall, quality: number, weight?: number): void;
  /** What it has learnt of cores and tasks, but for single answers. @param most terms, those learnt last */
  learnt?(most: number): BeliefsState | undefined;
  /** Takes over what another one has learnt. It has predicted before. */
  restore?(learnt: BeliefsState): void;
  /** Keeps what was learnt, if anything is new. */
  save?(): Promise<void>;
  /** Lets go of threads and memory. Idempotent. */
  close(): Promise<void>;
}
