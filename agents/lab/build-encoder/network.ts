import { GraphBuilder } from '../training/onnx-graph.js';
import type { Weights } from './package.js';
import type { Precision } from './precision.js';

/** The network was trained on no more tokens; on longer texts its vectors collapse into one. */
const MAX_TOKENS = 128;
const HEADS = 4;
const EPSILON = 1e-6;

const APPLY = 'module_apply_default/Encoder_en/KonaTransformer/Encode';
const STACK = `${APPLY}/TransformerStack`;
const MODULE = 'module/Encoder_en/KonaTransformer/Encode';
const HIDDEN = 'module/Encoder_en/hidden_layers/tanh_layer_0';

/**
 * Universal Sentence Encoder Lite: two pre-norm transformer layers without a final norm, the mean over the tokens,
 * a tanh layer, and the length set to one.
 *
 * Inputs `input_ids` and `attention_mask`, int64 [batch, tokens], mask 1 = token, padding on the right; output `embedding`,
 * float [batch, 512].
 */
export class EncoderNetwork {
  readonly #graph = new GraphBuilder('universal-sentence-encoder-lite');
  readonly #weights: ReadonlyMap<string, Weights>;
  readonly #precision: Precision;

  constructor(weights: ReadonlyMap<string, Weights>, precision: Precision) {
    this.#weights = weights;
    this.#precision = precision;
  }

  /** The model as the bytes of an `.onnx` file. */
  toBytes(): Uint8Array {
    const graph = this.#graph;
    const ids = this.#firstTokens(graph.input('input_ids', 'int64', ['batch', 'tokens']));
    const mask = graph.cast(this.#firstTokens(graph.input('attention_mask', 'int64', ['batch', 'tokens'])), 'float');
    const bias = this.#attentionBias(mask);
    const embedded = this.#embed(ids);
    const first = this.#layer(0, embedded, this.#project(embedded), bias);
    const second = this.#meanOfLayer(1, first, bias, this.#shares(mask));
    this.#normalise(this.#hidden(second));
    graph.output('embedding', 'float', ['batch', 512]);
    return graph.toBytes();
  }

  #firstTokens(input: string): string {
    const graph = this.#graph;
    return graph.node('Slice', [input, graph.ints(0), graph.ints(MAX_TOKENS), graph.ints(1)]);
  }

  /** Twice the embedding plus timing: all sines, then all cosines, of the position times a falling speed. */
  #embed(ids: string): string {
    const graph = this.#graph;
    const { shape, values } = this.#weight('module/Embeddings_en');
    const twice = { shape, values: values.map((value) => 2 * value) };
    const embedded = this.#precision.lookUp(graph, 'embeddings', twice, ids);
    const tokens = graph.node('Squeeze', [graph.node('Shape', [ids], { start: 1, end: 2 })]);
    const positions = graph.node('Range', [graph.int(0), tokens, graph.int(1)]);
    const column = graph.node('Unsqueeze', [graph.cast(positions, 'float'), graph.ints(1)]);
    const speeds = this.#store('timing_speeds', `${STACK}/Layer_0/AddTimingSignal/TimingSignal/ExpandDims_1`);
    const angles = graph.node('Mul', [column, speeds]);
    const timing = graph.node('Concat', [graph.node('Sin', [angles]), graph.node('Cos', [angles])], { axis: 1 });
    return graph.node('Add', [embedded, timing]);
  }

  /** 0 for a token, -1e9 for padding; [batch, 1, 1, tokens]. */
  #attentionBias(mask: string): string {
    const graph = this.#graph;
    const absent = graph.node('Sub', [graph.float(1), mask]);
    const bias = graph.node('Mul', [absent, graph.float(-1e9)]);
    return graph.node('Unsqueeze', [bias, graph.ints(1, 2)]);
  }

  /** The first layer is 256 wide on its way in: what passes beside it is brought to 512. */
  #project(x: string): string {
    const dense = `${APPLY}/Layer_0/TransformerLayer/dense`;
    return this.#linear(
      'project',
      x,
      `${dense}/kernel/ConcatPartitions/concat`,
      `${dense}/bias/ConcatPartitions/concat`,
    );
  }

  #layer(index: number, x: string, beside: string, bias: string): string {
    const { sum, wide } = this.#widen(index, x, beside, bias);
    return this.#graph.node('Add', [sum, this.#narrow(index, wide, this.#precision.linear)]);
  }

  /** What narrows is linear: the mean over the tokens comes before it, and one row is narrowed in place of all of them. */
  #meanOfLayer(index: number, x: string, bias: string, shares: string): string {
    const { sum, wide } = this.#widen(index, x, x, bias);
    const narrowed = this.#narrow(index, this.#mean(wide, shares), this.#precision.linearOfRow);
    // Without a token there is nothing to narrow, not even the bias.
    const present = this.#graph.node('ReduceSum', [shares, this.#graph.ints(2)], { keepdims: 0 });
    return this.#graph.node('Add', [this.#mean(sum, shares), this.#graph.node('Mul', [narrowed, present])]);
  }

  /** A layer up to what its feed-forward part makes wide: that, and what passes beside it. */
  #widen(index: number, x: string, beside: string, bias: string): { readonly sum: string; readonly wide: string } {
    const layer = `Layer_${index}/TransformerLayer`;
    const attended = this.#attend(index, this.#norm(`attend_${index}`, `${APPLY}/${layer}`, x), bias);
    const sum = this.#graph.node('Add', [attended, beside]);
    const ffn = `${APPLY}/${layer}/FFN`;
    const kernel = `${STACK}/${layer}/FFN`;
    const normed = this.#norm(`feed_${index}`, ffn, sum);
    const widened = this.#linear(
      `widen_${index}`,
      normed,
      `${kernel}/conv1/Tensordot/Reshape_1`,
      `${ffn}/conv1/bias/ConcatPartitions/concat`,
    );
    return { sum, wide: this.#graph.node('Relu', [widened]) };
  }

  #narrow(index: number, wide: string, linear: Precision['linear']): string {
    const layer = `Layer_${index}/TransformerLayer/FFN`;
    const kernel = `${STACK}/${layer}/conv2/Tensordot/Reshape_1`;
    const bias = `${APPLY}/${layer}/conv2/bias/ConcatPartitions/concat`;
    return this.#linear(`narrow_${index}`, wide, kernel, bias, linear);
  }

  #attend(index: number, x: string, bias: string): string {
    const graph = this.#graph;
    const attention = `Layer_${index}/TransformerLayer/MultiheadAttention`;
    const transform = (name: string, input: string, part: string) =>
      this.#linear(
        `${name}_${index}`,
        input,
        `${MODULE}/${attention}/${part}/kernel/part_0`,
        `${APPLY}/${attention}/${part}/bias/ConcatPartitions/concat`,
      );
    const all = transform('query_key_value', x, 'qkv_transform_single');
    const parts = ['query', 'key', 'value'].map((part) => `${part}_${index}`);
    graph.node('Split', [all], { axis: 2 }, parts);
    const [query = '', key = '', value = ''] = parts;
    const scale = this.#store(`query_scale_${index}`, `${STACK}/${attention}/mul/y`);
    const scaled = graph.node('Mul', [this.#split(query, [0, 2, 1, 3]), scale]);
    const scores = graph.node('Add', [graph.node('MatMul', [scaled, this.#split(key, [0, 2, 3, 1])]), bias]);
    const shares = graph.node('Softmax', [scores], { axis: 3 });
    const mixed = graph.node('MatMul', [shares, this.#split(value, [0, 2, 1, 3])]);
    const joined = graph.node('Reshape', [
      graph.node('Transpose', [mixed], { perm: [0, 2, 1, 3] }),
      graph.ints(0, 0, -1),
    ]);
    return transform('join', joined, 'output_transform_single');
  }

  /** [batch, tokens, width] to [batch, heads, tokens, width / heads], or with the last two swapped. */
  #split(x: string, perm: readonly number[]): string {
    const graph = this.#graph;
    return graph.node('Transpose', [graph.node('Reshape', [x, graph.ints(0, 0, HEADS, -1)])], { perm });
  }

  #norm(name: string, prefix: string, x: string): string {
    const part = (what: string) =>
      this.#store(
        `${name}_norm_${what}`,
        `${prefix}/layer_prepostprocess/layer_norm/layer_norm_${what}/ConcatPartitions/concat`,
      );
    return this.#graph.node('LayerNormalization', [x, part('scale'), part('bias')], { epsilon: { float: EPSILON } });
  }

  /** Of each token in the mean, 0 for padding: [batch, 1, tokens]. */
  #shares(mask: string): string {
    const graph = this.#graph;
    const count = graph.node('ReduceSum', [mask, graph.ints(1)]);
    const shares = graph.node('Div', [mask, graph.node('Max', [count, graph.float(1)])]);
    return graph.node('Unsqueeze', [shares, graph.ints(1)]);
  }

  /** Over the tokens: [batch, width]. */
  #mean(x: string, shares: string): string {
    return this.#graph.node('Squeeze', [this.#graph.node('MatMul', [shares, x]), this.#graph.ints(1)]);
  }

  #hidden(x: string): string {
    return this.#graph.node('Tanh', [this.#linear('hidden', x, `${HIDDEN}/weights`, `${HIDDEN}/bias`)]);
  }

  #normalise(x: string): string {
    const graph = this.#graph;
    const squares = graph.node('ReduceSum', [graph.node('Mul', [x, x]), graph.ints(1)]);
    const length = graph.node('Sqrt', [graph.node('Max', [squares, graph.float(1e-12)])]);
    return graph.node('Div', [x, length], {}, ['embedding']);
  }

  #linear(name: string, x: string, kernel: string, bias: string, linear = this.#precision.linear): string {
    const { shape, values } = this.#weight(kernel);
    // Kernels of 1 x 1 convolutions are matrices behind two dimensions of one.
    const weights = { shape: shape.slice(-2), values };
    return linear(this.#graph, name, x, weights, this.#weight(bias));
  }

  #store(name: string, weight: string): string {
    const { shape, values } = this.#weight(weight);
    return this.#graph.tensor(name, shape, values);
  }

  #weight(name: string): Weights {
    return this.#weights.get(name) as Weights;
  }
}
