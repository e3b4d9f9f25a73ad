import { describe, test } from 'vitest';
import { eccosParameters, eccosPolicy } from '../../../../schedulers/eccos/policy/parameters.js';
import { conformanceCases } from '../../../../schedulers/registry.js';
import { madeUpPredictor } from '../../../support/made-up-predictor.js';

describe.each([
  {},
  { alpha: '0.9' },
  { budgetPerHour: '0.01' },
  { patience: '1' },
  { gamma: '0', overdueTicks: '1' },
])('eccos %o', (given) => {
  const create = () => eccosPolicy(eccosParameters.parse(given), madeUpPredictor());
  for (const { name, run } of conformanceCases(create)) test(name, run);
});
