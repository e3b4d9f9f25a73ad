import { GraphBuilder } from '../training/onnx-graph.js';
import { quantiseRows } from './bytes.js';
import type { Weights } from './package.js';

/** Of the vector: two means of token embeddings. */
const MEANS = 2;

/**
 * Two weighted means of the embeddings of a text's tokens, each brought to length one, side by side, and brought to length one
 * together: in the first a token weighs (1 - x)^2, in the second x^2, where x is its place from 0, the beginning of the text, to 1.
 *
 * Inputs `input_ids` and `attention_mask`, int64 [batch, tokens], mask 1 = token, padding on the right; output `embedding`,
 * float [batch, 2 width], zeros for a text without a token.
 *
 * @param table [vocabulary, width], stored as signed bytes with a scale a row
 */
export function tokenMeans(table: Weights): Uint8Array {
  const graph = new GraphBuilder('token-means');
  const ids = graph.input('input_ids', 'int64', ['batch', 'tokens']);
  const mask = graph.cast(graph.input('attention_mask', 'int64', ['batch', 'tokens']), 'float');
  const { quantised, scales } = quantiseRows(table);
  const rows = graph.cast(graph.node('Gather', [graph.tensor('embeddings', table.shape, quantised), ids]), 'float');
  const steps = graph.node('Gather', [graph.tensor('embeddings_scale', [scales.length], scales), ids]);
  const shares = graph.node('Mul', [sharesOf(graph, mask), graph.node('Unsqueeze', [steps, graph.ints(1)])]);
  // A mean's direction is the sum's.
  const means = unit(graph, graph.node('MatMul', [shares, rows]), 2);
  const width = MEANS * (table.shape[1] as number);
  unit(graph, graph.node('Reshape', [means, graph.ints(-1, width)]), 1, ['embedding']);
  graph.output('embedding', 'float', ['batch', width]);
  return graph.toBytes();
}

/** What each token weighs in each mean, 0 for padding: [batch, 2, tokens]. */
function sharesOf(graph: GraphBuilder, mask: string): string {
  const tokens = graph.node('Squeeze', [graph.node('Shape', [mask], { start: 1, end: 2 })]);
  const numbers = graph.cast(graph.node('Range', [graph.int(0), tokens, graph.int(1)]), 'float');
  const count = graph.node('Max', [graph.node('ReduceSum', [mask, graph.ints(1)]), graph.float(1)]);
  const place = graph.node('Div', [graph.node('Add', [numbers, graph.float(0.5)]), count]);
  const towards = [graph.node('Sub', [graph.float(1), place]), place].map((near) => {
    const weight = graph.node('Mul', [graph.node('Mul', [near, near]), mask]);
    return graph.node('Unsqueeze', [weight, graph.ints(1)]);
  });
  return graph.node('Concat', towards, { axis: 1 });
}

/** Vectors along the axis, of length one; zeros stay zeros. */
function unit(graph: GraphBuilder, x: string, axis: number, output?: readonly string[]): string {
  const squares = graph.node('ReduceSum', [graph.node('Mul', [x, x]), graph.ints(axis)]);
  const length = graph.node('Sqrt', [graph.node('Max', [squares, graph.float(1e-12)])]);
  return graph.node('Div', [x, length], {}, output);
}
