import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HybridPredictor } from '../../../../schedulers/eccos/predictor/hybrid-predictor.js';
import { LazyPredictor } from '../../../../schedulers/eccos/predictor/lazy-predictor.js';
import { openPredictor, shippedPredictor } from '../../../../schedulers/eccos/predictor/open-predictor.js';
import { answered, call, core } from './made-predictor.js';

describe('the predictor that ships', () => {
  const CORES = [
    core('trained', { profile: 'simulated-large' }),
    core('prior', { quality: 0.7 }),
    core('pool'),
    core('other', { profile: 'no-such-model' }),
  ];
  let predictor: HybridPredictor;
  beforeAll(async () => {
    predictor = await openPredictor();
  });
  afterAll(() => predictor.close());

  test.each([
    ['1 MB of text', 'All work and no play. '.repeat(50_000)],
    ['one word of 1 MB', 'x'.repeat(1_000_000)],
    ['only emoji', '\u{1f600}\u{1f680}'.repeat(300)],
    ['only CJK', '\u6f22\u5b57\u304b\u306a'.repeat(200)],
    ['nothing', ''],
    ['blanks', ' \n\t\u00a0\u3000'.repeat(100)],
    ['half pairs', '\ud800 \udfff\ud801x'],
    ['NUL', 'a\u0000b\u0000'],
    ['control characters', '\u001b[2J\u0007\u0008\u007f'],
    ['right to left', '\u0645\u0631\u062d\u0628\u0627 \u202eabc'],
  ])('%s has a sane prediction on every core', async (tenant, text) => {
    const one = call(text, { tenant });
    const [row = []] = await predictor.predict([one], CORES);
    expect(row.map(({ source }) => source)).toEqual(['trained', 'prior', 'pool', 'pool']);
    for (const { quality, tokensMean, tokensP90, costMean } of row) {
      expect(quality).toBeGreaterThan(0.001);
      expect(quality).toBeLessThan(0.999);
      expect(tokensMean).toBeGreaterThan(1);
      expect(tokensP90).toBeGreaterThan(1);
      expect(tokensP90).toBeLessThan(100_000);
      expect(costMean).toBeGreaterThan(0);
    }
    predictor.finished(answered(one, 'prior'));
    predictor.rated(answered(one, 'prior'), 1);
    expect((await predictor.predict([one], CORES))[0]?.[1]?.similarity).toBeCloseTo(1, 5);
  });

  test('a prompt is predicted alone as among others, and text parts as one text', async () => {
    const many = Array.from({ length: 40 }, (_, n) => call(`What is ${n} times ${n + 1}?`));
    const together = await predictor.predict(many, CORES);
    const other = await openPredictor();
    const parts = [
      { type: 'text' as const, text: 'What is 7 ' },
      { type: 'text' as const, text: 'times 8?' },
    ];
    const { params } = call('');
    const [alone] = await other.predict([call('What is 7 times 8?')], CORES);
    const [split] = await other.predict(
      [{ ...call(''), params: { ...params, messages: [{ role: 'user', content: parts }] } }],
      CORES,
    );
    expect(alone?.[0]?.quality).toBeCloseTo(together[7]?.[0]?.quality ?? 0, 6);
    expect(split?.[0]?.source).toBe('trained');
    await other.close();
  });
});

describe('a predictor that is opened late', () => {
  test('says at its first prediction that there is none, and closes all the same', async () => {
    const lazy = new LazyPredictor({ predictor: '/nowhere' });
    lazy.rated(answered(call('early'), 'any'), 1);
    const failed = { code: 'invalid-config', message: expect.stringContaining('/nowhere/predictor.json') };
    await expect(lazy.predict([], [])).rejects.toMatchObject(failed);
    await expect(lazy.predict([], [])).rejects.toMatchObject(failed);
    await lazy.close();
    await lazy.close();
  });

  test.each([
    ['by its profile', { predictor: shippedPredictor() }, [core('a', { profile: 'simulated-tiny' }), core('b')], 0],
    ['by its id', { predictor: shippedPredictor() }, [core('simulated-tiny'), core('b')], 0],
    ['not at all', { predictor: shippedPredictor() }, [core('a', { profile: 'no-such-model' }), core('b')], 1],
    ['not at all, and nobody named it', {}, [core('a'), core('b')], 0],
  ])('warns once if it was named and knows no core: one is known %s', async (_, folders, cores, count) => {
    const warnings: string[] = [];
    const lazy = new LazyPredictor(folders, (message) => warnings.push(message));
    await lazy.predict([], cores);
    await lazy.predict([], cores);
    await lazy.close();
    expect(warnings).toHaveLength(count);
    for (const warning of warnings) expect(warning).toContain('got cores a (profile no-such-model), b, and nets');
  });

  test('warns once where its memory has to do without the addon of the graph', async () => {
    const warnings: string[] = [];
    const lazy = new LazyPredictor(
      {},
      (message) => warnings.push(message),
      () => ({ fault: 'no addon' }),
    );
    await lazy.predict([], [core('a')]);
    await lazy.predict([], [core('a')]);
    await lazy.close();
    expect(warnings).toEqual(['predictor: no addon']);
  });

  test('closes without having been opened', async () => {
    await expect(new LazyPredictor({ predictor: '/nowhere' }).close()).resolves.toBeUndefined();
  });
});
