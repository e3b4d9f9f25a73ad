import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test, vi } from 'vitest';
import { GraphBuilder } from '../../../../agents/lab/training/onnx-graph.js';
import { OnnxModel } from '../../../../schedulers/eccos/onnx/model.js';

const folder = mkdtempSync(join(tmpdir(), 'onnx-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** y = relu(x W + b) with W stored as float16, and `sum`, the sum of each row of y. */
function twoByThree(): Uint8Array {
  const graph = new GraphBuilder('test');
  const x = graph.input('x', 'float', ['rows', 2]);
  const weights = graph.half('weights', [2, 3], Float32Array.of(1, 2, 3, 0.5, -4, 0.25));
  const bias = graph.tensor('bias', [3], Float32Array.of(0.1, 0.2, 0.3));
  const y = graph.node('Relu', [graph.node('Gemm', [x, weights, bias], { alpha: { float: 2 } })], {}, ['y']);
  graph.node('ReduceSum', [y, graph.tensor('axes', [1], BigInt64Array.of(1n))], { keepdims: 0 }, ['sum']);
  graph.output('y', 'float', ['rows', 3]);
  graph.output('sum', 'float', ['rows']);
  return graph.toBytes();
}

test('a built graph computes what it says', async () => {
  const model = await OnnxModel.open({ name: 'test', bytes: twoByThree() });
  expect([model.inputs, model.outputs]).toEqual([['x'], ['y', 'sum']]);
  const { y, sum } = await model.run({ x: { data: Float32Array.of(1, 2, -1, 0), dimensions: [2, 2] } }, ['y', 'sum']);
  const expected = [4.1, 0, 7.3, 0, 0, 0];
  expect(y.dimensions).toEqual([2, 3]);
  for (const [at, value] of expected.entries()) expect(y.data[at]).toBeCloseTo(value, 5);
  expect(sum.data[0]).toBeCloseTo(11.4, 5);
  await model.close();
});

test('the same calls give the same bytes', () => {
  expect(twoByThree()).toEqual(twoByThree());
});

test('integers of every stored kind come back as floats', async () => {
  const graph = new GraphBuilder('kinds');
  const stored = [
    graph.tensor('int8', [2], Int8Array.of(-128, 127)),
    graph.tensor('uint8', [2], Uint8Array.of(0, 255)),
    graph.tensor('int64', [2], BigInt64Array.of(-3n, 3n)),
    graph.tensor('half', [2], Uint16Array.of(0x3c00, 0xc000)),
  ];
  graph.node(
    'Concat',
    stored.map((name) => graph.cast(name, 'float')),
    { axis: 0 },
    ['all'],
  );
  graph.output('all', 'float', [8]);
  const model = await OnnxModel.open({ name: 'kinds', bytes: graph.toBytes() }, { outputs: { all: [8] } });
  expect([...(await model.run({}, ['all'])).all.data]).toEqual([-128, 127, 0, 255, -3, 3, 1, -2]);
  await model.close();
});

test.each([
  ['absent', undefined, 'a readable ONNX file, got: ENOENT'],
  ['truncated', twoByThree().slice(0, 200), 'an ONNX model, got: '],
  ['a text', Buffer.from('{"not": "onnx"}'), 'an ONNX model, got: '],
  ['empty', Buffer.alloc(0), 'an ONNX model, got: '],
])('a file that is %s is refused by name', async (what, bytes, rule) => {
  const path = join(folder, `${what}.onnx`);
  if (bytes !== undefined) writeFileSync(path, bytes);
  await expect(OnnxModel.open(path)).rejects.toMatchObject({
    code: 'invalid-config',
    message: expect.stringContaining(`Expected ${path} to be ${rule}`),
  });
});

test.each([
  [{ inputs: { z: [null, 2] } }, 'Expected model to have an input "z", got x'],
  [{ outputs: { z: [null, 2] } }, 'Expected model to have an output "z", got y, sum'],
  [{ inputs: { x: [null, 4] } }, 'Expected input "x" of model to be [*, 4], got [rows, 2]'],
  [{ outputs: { y: [null] } }, 'Expected output "y" of model to be [*], got [rows, 3]'],
])('a model that does not fit %j is refused', async (signature, message) => {
  const opened = OnnxModel.open({ name: 'model', bytes: twoByThree() }, signature);
  await expect(opened).rejects.toMatchObject({ code: 'invalid-config', message });
});

test('an open dimension fits any size', async () => {
  const signature = { inputs: { x: [7, 2] }, outputs: { sum: [null] } };
  await (await OnnxModel.open({ name: 'model', bytes: twoByThree() }, signature)).close();
});

test.each([
  ['a wrong dimension', { x: { data: new Float32Array(6), dimensions: [2, 3] } }],
  ['a missing input', {}],
  ['a wrong type', { x: { data: new BigInt64Array(2), dimensions: [1, 2] } }],
  ['too few numbers', { x: { data: new Float32Array(3), dimensions: [2, 2] } }],
])('%s of a run is reported with the name of the model', async (_what, inputs) => {
  const model = await OnnxModel.open({ name: 'heads.onnx', bytes: twoByThree() });
  await expect(model.run(inputs, ['y'])).rejects.toMatchObject({
    code: 'invalid-config',
    message: expect.stringContaining('Expected heads.onnx to run on its inputs, got: '),
  });
  await model.close();
});

test('an output that holds no floats is refused', async () => {
  const graph = new GraphBuilder('whole');
  graph.node('Identity', [graph.tensor('one', [1], BigInt64Array.of(1n))], {}, ['whole']);
  graph.output('whole', 'int64', [1]);
  const model = await OnnxModel.open({ name: 'model', bytes: graph.toBytes() });
  await expect(model.run({}, ['whole'])).rejects.toThrow('Expected output whole of model to hold float32 numbers');
  await model.close();
});

test('without the runtime a model says which package is missing, and how to install it', async () => {
  vi.doMock('onnxruntime-node', () => {
    throw new Error('not here');
  });
  onTestFinished(() => void vi.doUnmock('onnxruntime-node'));
  await expect(OnnxModel.open({ name: 'test', bytes: twoByThree() })).rejects.toMatchObject({
    code: 'invalid-config',
    message: expect.stringMatching(/^Expected onnxruntime-node, .*: npm install --ignore-scripts onnxruntime-node$/),
  });
});
