import { expect, test } from 'vitest';
import { Beliefs } from '../../../../schedulers/eccos/predictor/beliefs.js';
import { OnlineLogit } from '../../../../schedulers/eccos/predictor/online-logit.js';

const PRIOR = { offset: 0, trained: false, tokens: { smearing: 1, p90Residual: 1 } };
const PLACE = { tenant: 'acme', task: 'sums', core: 'new' };

test('a surprise moves the chain of maps as far as one map that is as unsure as all of them', () => {
  const belief = new Beliefs().of(PLACE, PRIOR);
  const alone = new OnlineLogit({ slope: 1, offset: 0, slopeVariance: 0.17, offsetVariance: 1.3 });
  belief.learnQuality(0, 1);
  alone.learn(0, 1);
  expect(belief.logitAt(0)).toBeCloseTo(alone.at(0), 10);
  expect(alone.at(0)).toBeGreaterThan(0.4);
});

test('no tenant forgets for another, and what is only looked at is not kept', () => {
  const beliefs = new Beliefs();
  beliefs.of(PLACE, PRIOR).learnQuality(0, 0);
  const learnt = beliefs.of(PLACE, PRIOR).logitAt(0);
  for (let i = 0; i < 5000; i++) {
    beliefs.of({ tenant: 'other', task: `task ${i}`, core: 'new' }, PRIOR).learnQuality(0, 1);
    beliefs.of({ tenant: 'acme', task: `task ${i}`, core: `${i}` }, PRIOR).logitAt(0);
  }
  expect(beliefs.of(PLACE, PRIOR).logitAt(0)).toBe(learnt);
  expect(learnt).toBeLessThan(0);
});

test('a task and a core of one name are two things', () => {
  const beliefs = new Beliefs();
  beliefs.of({ tenant: 'acme', task: 'x', core: 'one' }, PRIOR).learnQuality(0, 0);
  const before = beliefs.of({ tenant: 'acme', task: 'law', core: 'x' }, PRIOR).logitAt(0);
  expect(before).toBe(0);
});

test('an answer of one core says a little of another on the same task, and least of another task', () => {
  const beliefs = new Beliefs();
  const logit = (core: string, task: string) => beliefs.of({ tenant: 'acme', task, core }, PRIOR).logitAt(0);
  for (let i = 0; i < 10; i++) beliefs.of(PLACE, PRIOR).learnQuality(0, 0);
  const [same, sibling, stranger] = [logit('new', 'sums'), logit('other', 'sums'), logit('other', 'law')];
  expect(same).toBeLessThan(logit('new', 'law'));
  expect(logit('new', 'law')).toBeLessThan(sibling);
  expect(sibling).toBeLessThan(stranger);
  expect(stranger).toBe(0);
});
