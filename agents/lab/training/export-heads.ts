import { fromHalf, toHalf } from '../../../schedulers/eccos/onnx/half.js';
import { HEADS_GRAPH } from '../../../schedulers/eccos/predictor/heads.js';
import type { Net } from './net.js';
import { GraphBuilder } from './onnx-graph.js';

/**
 * A net as an ONNX graph: float32 [n, inputs] to float32 [n, outputs]. Weights are stored in 16 bits.
 *
 * @returns bytes of the file; the same net gives the same bytes
 */
export function exportHeads({ inputs, hidden, outputs, w1, b1, w2, b2 }: Net): Uint8Array {
  const graph = new GraphBuilder('eccos-heads');
  const x = graph.input(HEADS_GRAPH.input, 'float', ['n', inputs]);
  const layer = (from: string, name: string, weights: Float64Array, biases: Float64Array, sizes: [number, number]) =>
    graph.node('Gemm', [
      from,
      graph.half(`${name}_weights`, sizes, Float32Array.from(weights)),
      graph.tensor(`${name}_biases`, [biases.length], Float32Array.from(biases)),
    ]);
  const units = graph.node('Relu', [layer(x, 'hidden', w1, b1, [inputs, hidden])]);
  const out = layer(units, 'out', w2, b2, [hidden, outputs]);
  graph.node('Identity', [out], {}, [HEADS_GRAPH.output]);
  graph.output(HEADS_GRAPH.output, 'float', ['n', outputs]);
  return graph.toBytes();
}

/** The net that the exported graph computes: its weights rounded as they are stored. */
export function asStored(net: Net): Net {
  const half = (weights: Float64Array) => Float64Array.from(fromHalf(toHalf(Float32Array.from(weights))));
  const single = (biases: Float64Array) => Float64Array.from(biases, Math.fround);
  return { ...net, w1: half(net.w1), b1: single(net.b1), w2: half(net.w2), b2: single(net.b2) };
}
