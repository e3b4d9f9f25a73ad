import { LazyPredictor } from '../../../schedulers/eccos/predictor/lazy-predictor.js';
import type { PredictorFolders } from '../../../schedulers/eccos/predictor/open-predictor.js';
import { createPolicy } from '../../../schedulers/registry.js';
import { SyscallError } from '../../../syscalls/errors.js';
import { lacksAlpha } from './aim.js';

/** What a policy rests on beside the calls. */
export interface Needs {
  /** Predictors that it opens; none: it does not predict. */
  readonly predictors: readonly PredictorFolders[];
  /** Whether it looks at recorded neighbours. */
  readonly neighbours: boolean;
  /** Whether it looks at the means of rated answers. */
  readonly means: boolean;
  /** Whether it aims at a mean quality and its spec does not say at which. */
  readonly alpha: boolean;
}

/** Those of a policy from a file. */
export const NO_NEEDS: Needs = { predictors: [], neighbours: false, means: false, alpha: false };

/**
 * @param recorded whether there are records to be neighbours
 * @throws SyscallError `invalid-config` for a policy that needs what a comparison does not have
 */
export function needsOf(spec: string, recorded: boolean): Needs {
  const predictors: PredictorFolders[] = [];
  let neighbours = false;
  let means = false;
  const lookAround = () => {
    neighbours = true;
    return new LazyPredictor({});
  };
  try {
    createPolicy(spec, {
      predictor(folders) {
        predictors.push(folders);
        return new LazyPredictor(folders);
      },
      ...(recorded && { neighbours: lookAround }),
      means: () => {
        means = true;
        return () => undefined;
      },
      known: () => undefined,
    });
  } catch (cause) {
    throw new SyscallError('invalid-config', `--policies: ${SyscallError.from(cause).message}`, { cause });
  }
  for (const { memory } of predictors) {
    if (memory === undefined) continue;
    throw new SyscallError(
      'invalid-config',
      `--policies: Expected no memory, because all trials begin alike, got "${memory}"`,
    );
  }
  return { predictors, neighbours, means, alpha: lacksAlpha(spec) };
}
