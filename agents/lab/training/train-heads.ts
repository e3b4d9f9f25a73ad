import type { ModelProfile } from '../../../schedulers/eccos/predictor/artefact.js';
import { type FeatureScale, scaleOf } from '../../../schedulers/eccos/predictor/heads.js';
import { type Examples, examplesOf, type LabelledPrompts, lengthScalesOf, plainMean } from './examples.js';
import { average, forward, type Net } from './net.js';
import { NET_OPTIONS, type NetOptions, type TrainedNet, trainNet } from './train-net.js';

/** Nets whose outputs are averaged. */
const NETS = 4;
/** Of the residuals of the log tokens. */
const BUDGET_QUANTILE = 0.9;

/** Trained nets and all that is needed to read them. */
export interface Heads {
  /** features -> M logits of success, then M standardised log lengths. */
  readonly net: Net;
  readonly scale: FeatureScale;
  /** One a model, in the order of the outputs. */
  readonly profiles: readonly ModelProfile[];
  readonly nets: readonly Pick<TrainedNet, 'loss' | 'epoch'>[];
}

export interface HeadsOptions {
  readonly seed: number;
  /** @default NET_OPTIONS */
  readonly net?: NetOptions;
  /** Receives the share of the work that is done at most, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/**
 * Fits the scale of the features and four nets on the training part, stops them early on the validation part, and takes
 * the spread of the tokens from the validation part too.
 *
 * @param models with at least one outcome in the training part
 */
export function trainHeads(
  train: LabelledPrompts,
  validation: LabelledPrompts,
  models: readonly string[],
  { seed, net: options = NET_OPTIONS, onProgress = () => {} }: HeadsOptions,
): Heads {
  const scale = scaleOf(train.features);
  const lengthScales = lengthScalesOf(train, models);
  const [fit, check] = [train, validation].map((part) => examplesOf(part, scale, lengthScales)) as [Examples, Examples];
  const trained = Array.from({ length: NETS }, (_, i) =>
    trainNet(fit, check, options, seed * NETS + i, (epoch) => onProgress((i + epoch / options.maxEpochs) / NETS)),
  );
  onProgress(1);
  const net = average(trained.map((one) => one.net));
  const residuals = lengthResiduals(net, check);
  // A model that nobody asked in the validation part: the training part makes its spread too small, but not 0.
  const trainedOn = residuals.some((own) => own.length === 0) ? lengthResiduals(net, fit) : residuals;
  const profiles = models.map((name, place): ModelProfile => {
    const { mean, deviation } = lengthScales.get(name) as { mean: number; deviation: number };
    const scores = known(fit.scores, place, fit.models);
    const own = residuals[place] as number[];
    const spread = (own.length > 0 ? own : (trainedOn[place] as number[]))
      .map((z) => z * deviation)
      .sort((a, b) => a - b);
    return {
      name,
      records: scores.length,
      meanScore: plainMean(scores),
      logTokens: { mean, deviation },
      smearing: plainMean(spread.map(Math.exp)),
      p90Residual: spread[Math.floor(BUDGET_QUANTILE * spread.length)] as number,
    };
  });
  return { net, scale, profiles, nets: trained.map(({ loss, epoch }) => ({ loss, epoch })) };
}

/** What the standardised log lengths miss by, a list a model. */
function lengthResiduals(net: Net, { rows, models, features, lengths }: Examples): number[][] {
  const out = forward(net, features, rows);
  return Array.from({ length: models }, (_, m) =>
    Array.from(
      { length: rows },
      (_, i) => (lengths[i * models + m] as number) - (out[i * 2 * models + models + m] as number),
    ).filter((residual) => !Number.isNaN(residual)),
  );
}

function known(matrix: Float64Array, column: number, columns: number): number[] {
  return Array.from({ length: matrix.length / columns }, (_, row) => matrix[row * columns + column] as number).filter(
    (value) => !Number.isNaN(value),
  );
}
