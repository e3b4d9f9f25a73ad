import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { logitOfMean as logitOf } from '../../../../schedulers/eccos/predictor/base-logits.js';
import type { TrainedHeads } from '../../../../schedulers/eccos/predictor/heads.js';
import { probabilityOf } from '../../../../schedulers/eccos/predictor/online-logit.js';
import { uniform } from '../../../../schedulers/uniform.js';
import {
  answered,
  ask,
  call,
  core,
  type Made,
  plantedHeads,
  predictorWith,
  rate,
  UNREADABLE,
} from './made-predictor.js';

let heads: TrainedHeads;
beforeAll(async () => {
  heads = await plantedHeads();
});
afterAll(() => heads.close());

const [WEAK, STRONG] = [core('w', { profile: 'weak' }), core('s', { profile: 'strong' })];
const [PRIOR, UNKNOWN] = [core('prior', { quality: 0.9 }), core('unknown')];
const CORES = [WEAK, STRONG, PRIOR, UNKNOWN];
/** Logit of the mean of the trained models, which their nets are centred on. */
const CENTRE = 1;

/** The same call with its number spread over the circle. */
const spread = (count: number) => Array.from({ length: count }, (_, n) => call((2 * Math.PI * n) / count));

describe('before anything is learnt', () => {
  test('a trained model is predicted by its nets', async () => {
    const made = predictorWith(heads);
    for (const angle of [0, 1, 2.5, -2]) {
      const [weak, strong] = [await ask(made, call(angle), CORES, 'w'), await ask(made, call(angle), CORES, 's')];
      expect(weak.quality).toBeCloseTo(probabilityOf(2 * Math.cos(angle)), 5);
      expect(strong.quality).toBeCloseTo(probabilityOf(2 * Math.cos(angle) + 2), 5);
      expect([weak, strong]).toMatchObject(new Array(2).fill({ source: 'trained', nEffective: 0, similarity: null }));
      expect(weak.tokensMean).toBeCloseTo(1.1 * 100 * Math.exp(Math.sin(angle) / 2) - 1, 3);
      expect(weak.tokensP90).toBeCloseTo(100 * Math.exp(Math.sin(angle) / 2 + 0.6) - 1, 3);
    }
  });

  test('a trained model is known by the profile of a core, else by its id', async () => {
    const made = predictorWith(heads);
    const named = [core('middle'), core('weak', { profile: 'elsewhere' }), core('middle', { profile: 'strong' })];
    for (const [i, logit] of [1, 0, 2].entries()) {
      const { source, quality } = await ask(made, call(Math.PI / 2), [named[i] as (typeof named)[number]]);
      expect(source).toBe('trained');
      expect(quality).toBeCloseTo(probabilityOf(logit), 4);
    }
  });

  test('an unknown core has the difficulty of the prompt, moved by the quality of its config', async () => {
    const made = predictorWith(heads);
    for (const angle of [0, 2.5]) {
      const prior = await ask(made, call(angle), CORES, 'prior');
      expect(prior.source).toBe('prior');
      expect(logitOf(prior.quality)).toBeCloseTo(2 * Math.cos(angle) + CENTRE + logitOf(0.9) - CENTRE, 4);
    }
  });

  test('a core of which nothing is known has the mean of the others, and says so', async () => {
    const pool = await ask(predictorWith(heads), call(Math.PI / 2), CORES, 'unknown');
    expect(pool.source).toBe('pool');
    expect(pool.quality).toBeCloseTo((0.5 + probabilityOf(2) + 0.9) / 3, 4);
    const alone = await ask(predictorWith(heads), call(Math.PI / 2), [UNKNOWN]);
    expect(alone).toMatchObject({ source: 'pool' });
    expect(alone.quality).toBeCloseTo(0.5, 6);
  });

  test('a profile that was not trained is no profile', async () => {
    const cores = [core('renamed', { profile: 'nobody', quality: 0.8 }), core('other', { profile: 'nobody' })];
    const made = predictorWith(heads);
    expect((await ask(made, call(0), cores, 'renamed')).source).toBe('prior');
    expect((await ask(made, call(0), cores, 'other')).source).toBe('pool');
  });
});

describe('tokens and cost', () => {
  test('the mean is below the 90 % quantile, and neither is above what the call allows', async () => {
    const made = predictorWith(heads);
    for (const { id } of CORES) {
      const free = await ask(made, call(0), CORES, id);
      expect(free.tokensMean).toBeLessThan(free.tokensP90);
      const { params } = call(0);
      const bound = await ask(made, call(0, { params: { ...params, maxTokens: 30 } }), CORES, id);
      expect(bound).toMatchObject({ tokensMean: 30, tokensP90: 30 });
      const between = await ask(made, call(0, { params: { ...params, maxTokens: 150 } }), CORES, id);
      expect(between.tokensMean).toBe(free.tokensMean);
      expect(between.tokensP90).toBe(150);
    }
  });

  test('cost is that of its tokens at the price of the core', async () => {
    const made = predictorWith(heads);
    const expensive = core('expensive', { profile: 'weak', price: { inputPerMTok: 3, outputPerMTok: 15 } });
    const { costMean, tokensMean } = await ask(made, call(0, { inputTokens: 2000 }), [expensive]);
    expect(costMean).toBeCloseTo((2000 * 3 + tokensMean * 15) / 1e6, 12);
    expect((await ask(made, call(0), [core('free', { price: { inputPerMTok: 0, outputPerMTok: 0 } })])).costMean).toBe(
      0,
    );
  });

  test.each(['w', 'unknown'])('of core %s are learnt from answers that nobody rates', async (id) => {
    const made = predictorWith(heads);
    const before = await ask(made, call(0), CORES, id);
    await made.predictor.predict(spread(60), CORES);
    for (const one of spread(60)) made.predictor.finished(answered(one, id, 1000));
    const after = await ask(made, call(Math.PI), CORES, id);
    expect(after.tokensMean).toBeGreaterThan(800);
    expect(after.tokensMean).toBeLessThan(1300);
    expect((await ask(made, call(0), CORES, id)).quality).toBe(before.quality);
    expect((await ask(made, call(0, { tenant: 'other' }), CORES, id)).tokensMean).toBe(before.tokensMean);
  });
});

describe('what is learnt from feedback', () => {
  /** Answers of a core that is right where the cosine of the prompt is positive. */
  const rule = (id: string, count: number, seed = 1) => {
    const random = uniform(seed);
    return Array.from({ length: count }, () => {
      const angle = 2 * Math.PI * random();
      return [call(angle), id, Number(Math.cos(angle) > 0)] as const;
    });
  };

  test('a core is known by its mean from the first rated answer, by its own map from 20 on', async () => {
    const made = predictorWith(heads);
    const sources: string[] = [];
    for (const lesson of rule('unknown', 20)) {
      await rate(made, CORES, [lesson]);
      sources.push((await ask(made, call(0), CORES, 'unknown')).source);
    }
    expect(sources).toEqual([...new Array(19).fill('mean'), 'fitted']);
    expect((await ask(made, call(0), CORES, 'w')).source).toBe('trained');
  });

  test('predictions of an unknown core move toward what it does, on easy and on hard prompts', async () => {
    const made = predictorWith(heads);
    const wrongBy = async () => {
      let sum = 0;
      for (const one of spread(24)) {
        const right = Number(Math.cos(Number(one.params.messages[0]?.content)) > 0);
        sum += Math.abs((await ask(made, one, CORES, 'prior')).quality - right);
      }
      return sum / 24;
    };
    const untaught = await wrongBy();
    await rate(made, CORES, rule('prior', 20));
    const taught = await wrongBy();
    await rate(made, CORES, rule('prior', 200, 2));
    const well = await wrongBy();
    expect(taught).toBeLessThan(0.85 * untaught);
    expect(well).toBeLessThan(0.6 * untaught);
  });

  test.each([
    ['always right', 1],
    ['always wrong', 0],
  ])('20 answers that are %s move an unknown core far, and a trained one less', async (_what, quality) => {
    const moved = async (id: string) => {
      const made = predictorWith(heads);
      const before = await ask(made, call(Math.PI / 2), [WEAK, UNKNOWN], id);
      await rate(
        made,
        [WEAK, UNKNOWN],
        spread(20).map((one) => [one, id, quality] as const),
      );
      return logitOf((await ask(made, call(Math.PI / 2), [WEAK, UNKNOWN], id)).quality) - logitOf(before.quality);
    };
    const [trained, unknown] = [await moved('w'), await moved('unknown')];
    expect(Math.sign(trained)).toBe(2 * quality - 1);
    expect(Math.abs(unknown)).toBeGreaterThan(1);
    expect(Math.abs(trained)).toBeLessThan(Math.abs(unknown));
  });

  test('of one tenant never moves what is predicted for another', async () => {
    const made = predictorWith(heads);
    const foreign = () =>
      made.predictor.predict(
        spread(8).map((one) => ({ ...one, tenant: 'other' })),
        CORES,
      );
    const before = await foreign();
    for (const { id } of CORES) {
      await rate(made, CORES, rule(id, 60));
      for (const [one] of rule(id, 60)) made.predictor.finished(answered(one, id, 4000));
    }
    expect(await foreign()).toEqual(before);
  });

  test('of one task moves the core on others too, but similar calls are those of the task', async () => {
    const made = predictorWith(heads);
    const other = call(0, {}, 'law');
    const before = await ask(made, other, CORES, 'unknown');
    await rate(
      made,
      CORES,
      spread(40).map((one) => [one, 'unknown', 0] as const),
    );
    const [here, there] = [await ask(made, call(0), CORES, 'unknown'), await ask(made, other, CORES, 'unknown')];
    expect(there.quality).toBeLessThan(before.quality);
    expect(here.quality).toBeLessThan(there.quality);
    expect(here.similarity).toBeCloseTo(1, 5);
    expect(here.nEffective).toBeGreaterThan(1);
    expect(there).toMatchObject({ similarity: null, nEffective: 0 });
  });

  test('a call without a task belongs to no task', async () => {
    const made = predictorWith(heads);
    const { messages } = call(0).params;
    await rate(
      made,
      CORES,
      spread(10).map((one) => [one, 'w', 1] as const),
    );
    expect(await ask(made, call(0, { params: { messages } }), CORES)).toMatchObject({ similarity: null });
  });

  test.each([
    ['unknown', 0.6],
    ['w', 0.3],
  ])('similar calls of core %s weigh %f n / (n + 500) beside what is believed of it', async (id, most) => {
    const shares: number[] = [];
    for (const count of [20, 100, 400]) {
      const made = predictorWith(heads);
      // Right about angle 0, wrong on the other side.
      const lessons = Array.from({ length: count }, (_, n) => {
        const near = n % 2 === 0;
        return [call((near ? 0 : Math.PI) + n / 10_000), id, Number(near)] as const;
      });
      await rate(made, CORES, lessons);
      for (const angle of [0.001, 3.14]) {
        const { quality, nEffective } = await ask(made, call(angle), CORES, id);
        const vector = Float32Array.of(Math.cos(angle), Math.sin(angle));
        const [estimate] = made.memory.store.estimate({ tenant: 'acme', task: 'sums' }, vector, [id]).estimates;
        expect(estimate).toMatchObject({ count, nEffective, local: { quality: 0.5 } });
        const place = { tenant: 'acme', task: 'sums', core: id };
        const level = id === 'w' ? 0 : logitOf((0.5 + probabilityOf(2) + 0.9) / 3);
        const prior = { level, trained: id === 'w', known: true, tokens: { smearing: 1, p90Residual: 1 } };
        const believed = made.memory.beliefs.of(place, prior).logitAt(2 * Math.cos(angle));
        const weight = (most * count) / (count + 500);
        const retrieved = Math.log(quality / (1 - quality)) - believed;
        expect(retrieved).toBeCloseTo(weight * logitOf(estimate?.nearest.quality ?? Number.NaN), 3);
        if (angle < 1) shares.push(retrieved);
      }
    }
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  });

  test('of prompts that were not predicted shows once they are seen', async () => {
    const [late, prompt] = [predictorWith(heads), predictorWith(heads)];
    const lessons = spread(20).map((one) => [one, 'w', 0] as const);
    await rate(prompt, CORES, lessons);
    await late.predictor.predict([], CORES);
    for (const [one, id, quality] of lessons) late.predictor.rated(answered(one, id), quality);
    const fresh = await ask(predictorWith(heads), call(9), CORES);
    const [first, then] = [await ask(late, call(9), CORES), await ask(prompt, call(9), CORES)];
    expect(first).toEqual(then);
    expect(first.quality).toBeLessThan(fresh.quality);
  });

  test('is not lost with a prediction that fails', async () => {
    const [failed, whole] = [predictorWith(heads), predictorWith(heads)];
    const unreadable = { ...call(0), params: { messages: [{ role: 'user' as const, content: UNREADABLE }] } };
    for (const { predictor } of [failed, whole]) {
      await predictor.predict([], CORES);
      for (const one of spread(20)) predictor.rated(answered(one, 'w'), 0);
    }
    await expect(failed.predictor.predict([unreadable], CORES)).rejects.toThrow('cannot be encoded');
    expect(await ask(failed, call(9), CORES)).toEqual(await ask(whole, call(9), CORES));
  });

  test('of a core that is gone changes nothing', async () => {
    const made = predictorWith(heads);
    const before = await made.predictor.predict(spread(4), CORES);
    for (const one of spread(4)) {
      made.predictor.finished(answered(one, 'gone'));
      made.predictor.rated(answered(one, 'gone'), 0);
    }
    expect(await made.predictor.predict(spread(4), CORES)).toEqual(before);
  });
});

describe('whatever becomes of calls', () => {
  const prompt = fc.oneof(fc.integer({ min: 0, max: 12 }).map(String), fc.string({ unit: 'binary' }));
  const step = fc.record({
    prompt,
    tenant: fc.constantFrom('acme', 'other', ''),
    task: fc.constantFrom('sums', 'law'),
    id: fc.constantFrom('w', 's', 'prior', 'unknown', 'gone'),
    quality: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
    tokens: fc.integer({ min: 0, max: 1e9 }),
    predicts: fc.boolean(),
  });

  async function after(made: Made, steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]) {
    for (const { prompt, tenant, task, id, quality, tokens, predicts } of steps) {
      const one = call(prompt, { tenant }, task);
      if (predicts) await made.predictor.predict([one], CORES);
      made.predictor.finished(answered(one, id, tokens));
      if (quality !== undefined) made.predictor.rated(answered(one, id, tokens), quality);
    }
    return made.predictor.predict([call('3'), call('unseen', { tenant: 'other' }, 'law')], CORES);
  }

  test('predictions are finite, qualities within 0 and 1, and the same again for the same calls', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        const rows = await after(predictorWith(heads), steps);
        expect(await after(predictorWith(heads), steps)).toEqual(rows);
        for (const { quality, tokensMean, tokensP90, costMean, nEffective, similarity } of rows.flat()) {
          expect(quality > 0 && quality < 1).toBe(true);
          expect([tokensMean, tokensP90, costMean, nEffective].every((n) => Number.isFinite(n) && n >= 0)).toBe(true);
          expect(similarity === null || Math.abs(similarity) < 1.001).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('a predictor with a place to keep what it learns', () => {
  test('saves every 500 rated answers and at its close, one at a time, and closes once', async () => {
    let [saves, open] = [0, 0];
    const heads = await plantedHeads();
    const made = predictorWith(heads, async () => {
      expect(++open).toBe(1);
      saves++;
      await Promise.resolve();
      open--;
    });
    await made.predictor.predict(spread(10), CORES);
    for (let n = 0; n < 1499; n++) made.predictor.rated(answered(spread(10)[n % 10] as never, 'w'), 1);
    await Promise.all([made.predictor.close(), made.predictor.close()]);
    expect(saves).toBe(3);
  });
});
