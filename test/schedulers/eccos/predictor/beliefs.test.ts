import { describe, expect, test } from 'vitest';
import { Beliefs } from '../../../../schedulers/eccos/predictor/beliefs.js';
import { OnlineLogit, probabilityOf } from '../../../../schedulers/eccos/predictor/online-logit.js';
import { uniform } from '../../../../schedulers/uniform.js';

const PRIOR = { level: 0, trained: false, known: true, tokens: { smearing: 1, p90Residual: 1 } };
const STRANGE = { ...PRIOR, known: false };
const PLACE = { tenant: 'acme', task: 'sums', core: 'new' };

test('a surprise moves the terms together as far as one map that is as unsure as all of them', () => {
  const belief = new Beliefs().of(PLACE, { ...PRIOR, level: 0.5 });
  const alone = new OnlineLogit({ slope: 1, offset: 0.5, slopeVariance: 0.27, offsetVariance: 1.35 });
  belief.learnQuality(0.4, 1);
  alone.learn(0.4, 1);
  expect(belief.logitAt(0.4)).toBeCloseTo(alone.at(0.4), 10);
  expect(alone.at(0)).toBeGreaterThan(0.5);
});

describe('how far a prompt is set apart from its task', () => {
  /** Right with probability `.6 + .3 cos`, while the nets say `deviation` times the cosine. */
  function taught(prior: typeof PRIOR, deviation: number, answers: number) {
    const beliefs = new Beliefs();
    const random = uniform(7);
    for (let i = 0; i < answers; i++) {
      const cosine = Math.cos(2 * Math.PI * random());
      beliefs.of(PLACE, prior).learnQuality(deviation * cosine, Number(random() < 0.6 + 0.3 * cosine));
    }
    return beliefs.of(PLACE, prior);
  }

  test.each([
    ['knows', PRIOR, 1],
    ['does not know', STRANGE, 0.25],
  ])('is at first as on other tasks that one %s', (_, prior, reliability) => {
    expect(new Beliefs().of(PLACE, prior).reliability).toBe(reliability);
  });

  test.each([
    ['a task that the nets know', PRIOR],
    ['another one', STRANGE],
  ])('is kept or found where it says something, on %s', (_, prior) => {
    expect(taught(prior, 1.5, 1000).reliability).toBeGreaterThan(0.7);
  });

  test.each([
    ['a task that the nets know', PRIOR],
    ['another one', STRANGE],
  ])('is 0 where it says the opposite, and the mean is left, on %s', (_, prior) => {
    const belief = taught(prior, -1.5, 1000);
    expect(belief.reliability).toBe(0);
    expect(belief.logitAt(2)).toBe(belief.logitAt(-2));
    expect(probabilityOf(belief.logitAt(0))).toBeCloseTo(0.6, 1);
  });

  test('does not matter where it is constant, however far off: the mean is left', () => {
    const beliefs = new Beliefs();
    for (let i = 0; i < 400; i++) beliefs.of(PLACE, STRANGE).learnQuality(3, Number(i % 5 < 2));
    expect(probabilityOf(beliefs.of(PLACE, STRANGE).logitAt(3))).toBeCloseTo(0.4, 1);
  });
});

test('of a state of version 1 tokens are taken over, and qualities are learnt anew', () => {
  const beliefs = new Beliefs();
  beliefs.of(PLACE, PRIOR).learnQuality(0, 1);
  beliefs.of(PLACE, PRIOR).learnTokens(3, 500);
  const old = Beliefs.from({ ...beliefs.state(), version: 1 }).of(PLACE, PRIOR);
  expect(old.logitAt(0)).toBe(0);
  expect(old.tokensAt(3)).toEqual(beliefs.of(PLACE, PRIOR).tokensAt(3));
  expect(Beliefs.from(beliefs.state()).state()).toEqual(beliefs.state());
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
  const [first, other] = ['x', 'y'].map((core) => beliefs.of({ tenant: 'acme', task: 'law', core }, PRIOR).logitAt(0));
  expect(first).toBe(other);
});

test('an answer of one core says a little of another on the same task, and least of another task', () => {
  const beliefs = new Beliefs();
  const logit = (core: string, task: string) => beliefs.of({ tenant: 'acme', task, core }, PRIOR).logitAt(0);
  for (let i = 0; i < 10; i++) beliefs.of(PLACE, PRIOR).learnQuality(0, 0);
  const [same, sibling, stranger] = [logit('new', 'sums'), logit('other', 'sums'), logit('other', 'law')];
  expect(same).toBeLessThan(logit('new', 'law'));
  expect(logit('new', 'law')).toBeLessThan(sibling);
  expect(sibling).toBeLessThan(stranger);
  expect(stranger).toBeLessThan(0);
});
