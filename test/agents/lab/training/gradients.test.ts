import { describe, expect, test } from 'vitest';
import type { Examples } from '../../../../agents/lab/training/examples.js';
import { type Gradients, gradientsOf, type Kept } from '../../../../agents/lab/training/gradients.js';
import { forward, type Net, newNet } from '../../../../agents/lab/training/net.js';
import { uniform } from '../../../../schedulers/uniform.js';
import { normals, randomExamples } from './made-examples.js';

const SIZES = { rows: 9, inputs: 5, models: 3 };
const HIDDEN = 6;
const WEIGHT = 0.3;
const ALL: Kept = { inputs: Int32Array.of(0, 1, 2, 3, 4), units: Int32Array.of(0, 1, 2, 3, 4, 5) };
const NONE = { inputDropout: 0, hiddenDropout: 0, lengthWeight: WEIGHT };

function made(seed: number): Net {
  const random = uniform(seed);
  const net = newNet(SIZES.inputs, HIDDEN, normals(2 * SIZES.models, random), random);
  return { ...net, w2: normals(net.w2.length, random), b1: normals(HIDDEN, random) };
}

/** The loss as it is written, over these rows. */
function lossOf(net: Net, { models, inputs, features, scores, lengths }: Examples, rows: Int32Array): number {
  let sum = 0;
  let known = 0;
  for (const row of rows) {
    const out = forward(net, features.slice(row * inputs, (row + 1) * inputs), 1);
    for (let m = 0; m < models; m++) {
      const [score, length] = [scores[row * models + m] as number, lengths[row * models + m] as number];
      if (Number.isNaN(score)) continue;
      const p = 1 / (1 + Math.exp(-(out[m] as number)));
      sum -= score * Math.log(p) + (1 - score) * Math.log(1 - p);
      sum += WEIGHT * ((out[models + m] as number) - length) ** 2;
      known++;
    }
  }
  return sum / known;
}

/** (loss(w + h) - loss(w - h)) / 2h for every weight. */
function numeric(net: Net, loss: (net: Net) => number): Gradients {
  const h = 1e-5;
  const of = (name: keyof Gradients) =>
    net[name].map((_, at) => {
      const moved = (by: number) =>
        loss({ ...net, [name]: net[name].map((weight, i) => (i === at ? weight + by : weight)) });
      return (moved(h) - moved(-h)) / (2 * h);
    });
  return { w1: of('w1'), b1: of('b1'), w2: of('w2'), b2: of('b2') };
}

function expectAlike(found: Gradients, wanted: Gradients): void {
  for (const name of ['w1', 'b1', 'w2', 'b2'] as const) {
    expect(found[name]).toHaveLength(wanted[name].length);
    for (const [at, value] of wanted[name].entries()) expect(found[name][at]).toBeCloseTo(value, 7);
  }
}

describe('gradients', () => {
  test.each([0, 0.4])('are those of the loss, by numeric differentiation, with a share of %f unknown', (gaps) => {
    for (const seed of [1, 2, 3]) {
      const [net, examples] = [made(seed), randomExamples(SIZES, seed, gaps)];
      const rows = Int32Array.of(7, 0, 3, 3, 8);
      expectAlike(
        gradientsOf(net, examples, rows, ALL, NONE),
        numeric(net, (moved) => lossOf(moved, examples, rows)),
      );
    }
  });

  test('with dropout are those of the net that is left, scaled up, and 0 elsewhere', () => {
    const [net, examples] = [made(4), randomExamples(SIZES, 4, 0.2)];
    const rows = Int32Array.of(1, 4, 5);
    const kept = { inputs: Int32Array.of(0, 2, 3), units: Int32Array.of(1, 2, 5) };
    const thinned = (full: Net): Net => ({
      ...full,
      w1: full.w1.map((weight, at) => (kept.inputs.includes(Math.floor(at / HIDDEN)) ? weight / (1 - 0.4) : 0)),
      w2: full.w2.map((weight, at) =>
        kept.units.includes(Math.floor(at / (2 * SIZES.models))) ? weight / (1 - 0.5) : 0,
      ),
    });
    expectAlike(
      gradientsOf(net, examples, rows, kept, { inputDropout: 0.4, hiddenDropout: 0.5, lengthWeight: WEIGHT }),
      numeric(net, (moved) => lossOf(thinned(moved), examples, rows)),
    );
  });

  test('of rows that nobody answered are 0', () => {
    const examples = randomExamples(SIZES, 5, 1);
    const gradients = gradientsOf(made(5), examples, Int32Array.of(0, 1), ALL, NONE);
    for (const values of Object.values(gradients)) expect(values.every((value) => value === 0)).toBe(true);
  });

  test('of a model that nobody asked are 0, whatever the others are', () => {
    const examples = randomExamples(SIZES, 6);
    const without = (values: Float64Array) => values.map((value, at) => (at % SIZES.models === 1 ? Number.NaN : value));
    const masked = { ...examples, scores: without(examples.scores), lengths: without(examples.lengths) };
    const { w2, b2 } = gradientsOf(made(6), masked, Int32Array.of(0, 1, 2), ALL, NONE);
    const outputs = 2 * SIZES.models;
    for (const [at, value] of [...w2, ...b2].entries()) {
      if (at % outputs === 1 || at % outputs === 4) expect(value).toBe(0);
    }
    expect(b2.filter((value) => value !== 0)).toHaveLength(4);
  });
});
