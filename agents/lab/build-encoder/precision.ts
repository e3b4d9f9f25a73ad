import type { GraphBuilder } from '../training/onnx-graph.js';
import { quantiseColumns, quantiseRows } from './bytes.js';
import type { Weights } from './package.js';

/** How weights are stored, and what multiplies them. */
export interface Precision {
  /** Rows of a table by index. @param indices int64 [batch, tokens] @returns name of float [batch, tokens, width] */
  lookUp(graph: GraphBuilder, name: string, table: Weights, indices: string): string;
  /** x W + b. @param weights [in, out] @param bias [out] @returns name of float [..., out] */
  readonly linear: Linear;
  /** The same of one row a text, [batch, in]: x is not quantised, since the rows of other texts would take part in it. */
  readonly linearOfRow: Linear;
}

type Linear = (graph: GraphBuilder, name: string, x: string, weights: Weights, bias: Weights) => string;
type Store = (graph: GraphBuilder, name: string, weights: Weights) => string;

const asFloat: Store = (graph, name, { shape, values }) => graph.tensor(name, shape, values);
const asHalf: Store = (graph, name, { shape, values }) => graph.half(name, shape, values);

/** Columns of bytes, made floats again when the model is loaded. */
const asBytes: Store = (graph, name, weights) => {
  const { quantised, scales } = quantiseColumns(weights);
  const scale = graph.tensor(`${name}_scale`, [scales.length], scales);
  return graph.node('Mul', [graph.cast(graph.tensor(name, weights.shape, quantised), 'float'), scale]);
};

function product(store: Store): Linear {
  return (graph, name, x, weights, bias) =>
    addBias(graph, name, graph.node('MatMul', [x, store(graph, name, weights)]), bias);
}

function plain(store: Store): Precision {
  return {
    lookUp: (graph, name, table, indices) => graph.node('Gather', [store(graph, name, table), indices]),
    linear: product(store),
    linearOfRow: product(store),
  };
}

function addBias(graph: GraphBuilder, name: string, x: string, bias: Weights): string {
  return graph.node('Add', [x, asFloat(graph, `${name}_bias`, bias)]);
}

const half = plain(asHalf);

/** Products that lose most as bytes for what they weigh: these stay float16. Measured one by one against the reference. */
const KEPT = new Set(['project', 'query_key_value_0', 'join_0', 'hidden']);

/**
 * Tables: signed bytes with a scale a row. Products: signed bytes with a scale a column, times activations that are
 * quantised to unsigned bytes as they come, one range for a whole tensor: a text's vector is its own only when it runs alone.
 */
const bytes: Precision = {
  lookUp(graph, name, table, indices) {
    const { quantised, scales } = quantiseRows(table);
    const row = graph.node('Gather', [graph.tensor(name, table.shape, quantised), indices]);
    const scale = graph.node('Gather', [graph.tensor(`${name}_scale`, [scales.length, 1], scales), indices]);
    return graph.node('Mul', [graph.cast(row, 'float'), scale]);
  },
  linear(graph, name, x, weights, bias) {
    if (KEPT.has(name)) return half.linear(graph, name, x, weights, bias);
    const { quantised, scales } = quantiseColumns(weights);
    const [step, zero] = [`${name}_x_scale`, `${name}_x_zero`];
    const activations = graph.node('DynamicQuantizeLinear', [x], {}, [`${name}_x`, step, zero]);
    const sums = graph.node('MatMulInteger', [activations, graph.tensor(name, weights.shape, quantised), zero]);
    const scale = graph.node('Mul', [step, graph.tensor(`${name}_scale`, [scales.length], scales)]);
    return addBias(graph, name, graph.node('Mul', [graph.cast(sums, 'float'), scale]), bias);
  },
  linearOfRow: product(asBytes),
};

export const PRECISIONS = { fp32: plain(asFloat), fp16: half, int8: bytes } as const satisfies Record<
  string,
  Precision
>;

export type PrecisionName = keyof typeof PRECISIONS;
