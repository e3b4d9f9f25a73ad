import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import { type Artefact, hashOf, SeenPrompts } from '../../../schedulers/eccos/predictor/artefact.js';
import { type PromptFeatures, SURFACE_FEATURES } from '../../../schedulers/eccos/predictor/surface-features.js';
import { SyscallError } from '../../../syscalls/errors.js';
import type { LabelledPrompts } from './examples.js';
import type { TrainingPool } from './training-pool.js';

/** A record, and what the predictor sees of its prompt. */
export interface SeenRecord {
  readonly record: OutcomeRecord;
  readonly features: PromptFeatures;
}

export interface TrainingParts {
  readonly train: readonly SeenRecord[];
  readonly validation: readonly SeenRecord[];
}

export interface TrainingSetup {
  /** Models to learn. */
  readonly models: readonly string[];
  readonly seed: number;
  /** The encoder that the features come from. */
  readonly encoder: { readonly sha256: string; readonly dimensions: number };
  /** Files that the records come from. */
  readonly data: Artefact['file']['training']['data'];
  /** What messages call the records. */
  readonly source: string;
  /** Receives the share that is done at most, 0 to 1. */
  readonly onProgress?: (share: number) => void;
}

/** Fewer records than this cannot stop a training in time. */
const LEAST_RECORDS = 20;

/**
 * Trains a predictor. Same records, models and seed: same bytes.
 *
 * @throws SyscallError `invalid-config` for too few records, or a model without outcomes in the training part
 */
export async function trainPredictor(
  { train, validation }: TrainingParts,
  { models, seed, encoder, data, source, onProgress }: TrainingSetup,
  pool: TrainingPool,
): Promise<Artefact> {
  for (const [name, part] of Object.entries({ train, validation })) {
    const answered = part.filter(({ record }) => record.outputs.some(({ model }) => models.includes(model))).length;
    if (answered >= LEAST_RECORDS) continue;
    throw new SyscallError(
      'invalid-config',
      `Expected at least ${LEAST_RECORDS} records of the chosen models in the ${name} part of ${source}, got ${answered}`,
    );
  }
  const known = new Set(train.flatMap(({ record }) => record.outputs.map(({ model }) => model)));
  for (const model of models) {
    if (known.has(model)) continue;
    throw new SyscallError(
      'invalid-config',
      `Expected outcomes of model "${model}" in the train part of ${source}, got none`,
    );
  }
  const { heads, scale, profiles, nets } = await pool.run(
    { train: labelled(train), validation: labelled(validation), models, seed },
    onProgress,
  );
  const seen = SeenPrompts.of([...train, ...validation].map(({ record }) => record.prompt));
  return {
    heads,
    seen,
    file: {
      format: 'eccos-predictor',
      version: 1,
      encoder,
      heads: hashOf(heads),
      seen: hashOf(seen.toBytes()),
      surfaceFeatures: [...SURFACE_FEATURES],
      scale: { mean: [...scale.mean], deviation: [...scale.deviation] },
      models: [...profiles],
      tasks: [...new Set(train.map(({ record }) => record.dataset))].sort(),
      training: {
        seed,
        data,
        trainRecords: train.length,
        validationRecords: validation.length,
        nets: [...nets],
      },
      metrics: {},
    },
  };
}

function labelled(part: readonly SeenRecord[]): LabelledPrompts {
  return {
    features: part.map(({ features }) => features.features),
    outputs: part.map(({ record }) => record.outputs),
  };
}
