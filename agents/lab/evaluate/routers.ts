import { columnEffectsOf, shrinkInteraction } from '../../../schedulers/eccos/predictor/shrink-interaction.js';
import { Envelope, type Frontier } from '../metrics/envelope.js';
import {
  answeredByAll,
  type Candidate,
  type Outcomes,
  onceEach,
  oraclePredictions,
  type Weights,
} from '../metrics/outcomes.js';
import { priceSweep } from '../metrics/price-sweep.js';
import type { Resamples } from '../metrics/resamples.js';
import { frontierOf, routingFigures, type SinglePoint, type Singles, singleModels } from '../metrics/routing.js';
import type { EvaluationReport, MeasuredReport } from './report.js';

/** What a router reaches on resampled records, beside the single models on the same ones; null: it cannot route them all. */
type Router = ((weights: Weights, singles: Singles) => Frontier) | null;

const QUERIES = 1000;
/** Costs at which the interval of a frontier is drawn. */
const BAND_POINTS = 40;

/** Routers measured on the records that every model answered. */
export class Routers {
  readonly #outcomes: Outcomes;
  readonly #resamples: Resamples;
  readonly #records: Int32Array;
  readonly #singlesAt: (weights: Weights) => Singles | null;

  constructor(outcomes: Outcomes, resamples: Resamples) {
    this.#outcomes = outcomes;
    this.#resamples = resamples;
    this.#records = answeredByAll(outcomes);
    this.#singlesAt = singleModels(outcomes, this.#records);
  }

  /** How many records every model answered. */
  get records(): number {
    return this.#records.length;
  }

  /** Routers that need no prediction. */
  get references() {
    return {
      zeroRouter: (_, { points }) => frontierOf(points),
      bestSingle: (_, { best }) => frontierOf([best]),
      cheapest: (_, { cheapest }) => frontierOf([cheapest]),
      oracle: this.#sweepOf(oraclePredictions(this.#outcomes)),
    } satisfies Record<string, Router>;
  }

  /** Each record to the least predicted cost - lambda x quality, which is shrunk first. */
  sweep({ predictions, gamma = 1 }: Candidate): Router {
    const { quality, costMean } = predictions;
    const effects = columnEffectsOf(quality, this.#outcomes.models);
    const shrunk = gamma === 1 ? quality : shrinkInteraction(quality, effects, gamma);
    return this.#sweepOf({ quality: shrunk, costMean });
  }

  get singles(): readonly (Pick<SinglePoint, 'model' | 'quality'> & { readonly costPer1000: number })[] {
    const points = this.#singlesAt(this.#once)?.points ?? [];
    return points.map(({ model, cost, quality }) => ({ model, costPer1000: QUERIES * cost, quality }));
  }

  measure(router: Router): MeasuredReport['routing'] {
    const figures = this.#resamples.figuresOf((weights) => {
      const singles = this.#singlesAt(weights);
      if (router === null || singles === null) return NOTHING;
      const { savingAt, aiqMinusZero, topQuality, topCost } = routingFigures(router(weights, singles), singles);
      return [...savingAt, aiqMinusZero, topQuality, QUERIES * topCost];
    });
    const [whole = null, most = null, more = null, aiqMinusZero = null, topQuality = null, topCostPer1000 = null] =
      figures;
    return {
      savingAt: { '1.00': whole, '0.98': most, '0.95': more },
      aiqMinusZero,
      topQuality,
      topCostPer1000,
      envelope: this.#cornersOf(router),
    };
  }

  /** Savings at shares of the best single model's quality; null: not reached. */
  savings(router: Router): (weights: Weights) => Readonly<Record<'0.98' | '0.95', number | null>> {
    return (weights) => {
      const singles = this.#singlesAt(weights);
      if (router === null || singles === null) return { '0.98': null, '0.95': null };
      const [, most = null, more = null] = routingFigures(router(weights, singles), singles).savingAt;
      return { '0.98': most, '0.95': more };
    };
  }

  /** Interval of the quality that a router reaches, at costs that are evenly spread by their logarithm. */
  band(router: Router): EvaluationReport['band'] {
    const corners = this.#cornersOf(router).filter(({ costPer1000 }) => costPer1000 > 0);
    const from = corners[0]?.costPer1000 ?? 0;
    const to = corners.at(-1)?.costPer1000 ?? 0;
    if (to <= from) return [];
    const costs = Array.from({ length: BAND_POINTS }, (_, i) => from * (to / from) ** (i / (BAND_POINTS - 1)));
    const figures = this.#resamples.figuresOf((weights) => {
      const singles = this.#singlesAt(weights);
      if (router === null || singles === null) return [];
      const envelope = new Envelope(router(weights, singles));
      const mostExpensive = envelope.cost.at(-1) as number;
      return costs.map((cost) => envelope.qualityAt(Math.min(cost / QUERIES, mostExpensive)));
    });
    return figures.flatMap((figure, i) => {
      const costPer1000 = costs[i] as number;
      return figure === null || figure.low === null || figure.high === null
        ? []
        : [{ costPer1000, low: figure.low, high: figure.high }];
    });
  }

  get #once(): Weights {
    return onceEach(this.#outcomes.records);
  }

  #sweepOf(predictions: Parameters<typeof priceSweep>[1]): Router {
    return priceSweep(this.#outcomes, predictions, this.#records);
  }

  #cornersOf(router: Router): MeasuredReport['routing']['envelope'] {
    const singles = this.#singlesAt(this.#once);
    if (router === null || singles === null) return [];
    const { cost, quality } = new Envelope(router(this.#once, singles));
    return Array.from(cost, (value, i) => ({ costPer1000: QUERIES * value, quality: quality[i] as number }));
  }
}

/** Figures of one who cannot route, or of a resample without any record that every model answered. */
const NOTHING = new Array<null>(6).fill(null);
