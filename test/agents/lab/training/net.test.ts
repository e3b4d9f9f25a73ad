import { expect, test } from 'vitest';
import { average, forward, type Net, newNet } from '../../../../agents/lab/training/net.js';
import { uniform } from '../../../../schedulers/uniform.js';
import { normals } from './made-examples.js';

test('a net by hand', () => {
  const net: Net = {
    inputs: 2,
    hidden: 2,
    outputs: 2,
    w1: Float64Array.of(1, -1, 2, 1),
    b1: Float64Array.of(0.5, 0),
    w2: Float64Array.of(3, 1, -2, 4),
    b2: Float64Array.of(10, 20),
  };
  // Hidden: relu(1 + 4 + .5, -1 + 2) = (5.5, 1), and relu(-1 + .5, 1) = (0, 1).
  expect([...forward(net, Float64Array.of(1, 2, -1, 0), 2)]).toEqual([24.5, 29.5, 8, 24]);
});

test('a new net says what its biases say, and the same for the same seed', () => {
  const biases = [2, -1, 0.5];
  const net = newNet(50, 64, biases, uniform(1));
  expect(newNet(50, 64, biases, uniform(1))).toEqual(net);
  const x = normals(50 * 200, uniform(2));
  const out = forward(net, x, 200);
  for (const [at, value] of out.entries()) expect(Math.abs(value - (biases[at % 3] as number))).toBeLessThan(1);
});

test('the average of nets of different widths gives the mean of their outputs', () => {
  const random = uniform(3);
  const nets = [3, 8, 1].map((hidden) => {
    const net = newNet(4, hidden, normals(6, random), random);
    return { ...net, w2: normals(net.w2.length, random), b1: normals(hidden, random) };
  });
  const x = normals(4 * 10, random);
  const one = forward(average(nets), x, 10);
  const each = nets.map((net) => forward(net, x, 10));
  for (const [at, value] of one.entries()) {
    expect(value).toBeCloseTo(
      each.reduce((sum, out) => sum + (out[at] as number) / 3, 0),
      12,
    );
  }
});
