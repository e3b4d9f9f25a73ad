import type { Weights } from '../../../../agents/lab/build-encoder/package.js';
import { uniform } from '../../../../schedulers/uniform.js';

const APPLY = 'module_apply_default/Encoder_en/KonaTransformer/Encode';
const STACK = `${APPLY}/TransformerStack`;
const MODULE = 'module/Encoder_en/KonaTransformer/Encode';
const HIDDEN = 'module/Encoder_en/hidden_layers/tanh_layer_0';
const PARTS = 'ConcatPartitions/concat';

type Row = readonly number[];

/** Drawn weights under the names of the package, of its sizes but for the vocabulary: `words` rows. */
export function drawnWeights(words: number): Map<string, Weights> {
  const draw = uniform(5);
  const weights = new Map<string, Weights>();
  const add = (name: string, shape: readonly number[], middle: number, spread: number) => {
    const length = shape.reduce((product, size) => product * size, 1);
    weights.set(name, { shape, values: Float32Array.from({ length }, () => middle + spread * (draw() - 0.5)) });
  };
  const norm = (name: string, width: number) => {
    add(`${name}/layer_prepostprocess/layer_norm/layer_norm_scale/${PARTS}`, [width], 1, 0.4);
    add(`${name}/layer_prepostprocess/layer_norm/layer_norm_bias/${PARTS}`, [width], 0, 0.4);
  };
  add('module/Embeddings_en', [words, 256], 0, 1);
  add(`${STACK}/Layer_0/AddTimingSignal/TimingSignal/ExpandDims_1`, [1, 128], 0.5, 1);
  add(`${APPLY}/Layer_0/TransformerLayer/dense/kernel/${PARTS}`, [256, 512], 0, 0.2);
  add(`${APPLY}/Layer_0/TransformerLayer/dense/bias/${PARTS}`, [512], 0, 0.2);
  for (const [index, width] of [256, 512].entries()) {
    const layer = `Layer_${index}/TransformerLayer`;
    const attention = `${layer}/MultiheadAttention`;
    norm(`${APPLY}/${layer}`, width);
    add(`${MODULE}/${attention}/qkv_transform_single/kernel/part_0`, [1, 1, width, 3 * width], 0, 0.2);
    add(`${APPLY}/${attention}/qkv_transform_single/bias/${PARTS}`, [3 * width], 0, 0.2);
    add(`${STACK}/${attention}/mul/y`, [], 0.1, 0.02);
    add(`${MODULE}/${attention}/output_transform_single/kernel/part_0`, [1, 1, width, 512], 0, 0.2);
    add(`${APPLY}/${attention}/output_transform_single/bias/${PARTS}`, [512], 0, 0.2);
    norm(`${APPLY}/${layer}/FFN`, 512);
    add(`${STACK}/${layer}/FFN/conv1/Tensordot/Reshape_1`, [512, 1536], 0, 0.2);
    add(`${APPLY}/${layer}/FFN/conv1/bias/${PARTS}`, [1536], 0, 0.2);
    add(`${STACK}/${layer}/FFN/conv2/Tensordot/Reshape_1`, [1536, 512], 0, 0.2);
    add(`${APPLY}/${layer}/FFN/conv2/bias/${PARTS}`, [512], 0, 0.2);
  }
  add(`${HIDDEN}/weights`, [512, 512], 0, 0.1);
  add(`${HIDDEN}/bias`, [512], 0, 0.1);
  return weights;
}

/** The network of one text, in double precision and as plainly as it can be said. */
export function plainNetwork(weights: ReadonlyMap<string, Weights>, ids: readonly number[]): Float32Array {
  const vector = (name: string): Row => [...(weights.get(name) as Weights).values];
  const linear = (x: readonly Row[], kernel: string, bias: string) => {
    const [w, b] = [(weights.get(kernel) as Weights).values, vector(bias)];
    return x.map((row) =>
      b.map((start, column) =>
        row.reduce((sum, value, at) => sum + value * (w[at * b.length + column] as number), start),
      ),
    );
  };
  const norm = (x: readonly Row[], name: string) => {
    const part = (what: string) => vector(`${name}/layer_prepostprocess/layer_norm/layer_norm_${what}/${PARTS}`);
    const [scale, bias] = [part('scale'), part('bias')];
    return x.map((row) => {
      const mean = average(row);
      const deviation = Math.sqrt(average(row.map((value) => (value - mean) ** 2)) + 1e-6);
      return row.map((value, at) => ((value - mean) / deviation) * (scale[at] as number) + (bias[at] as number));
    });
  };
  const attend = (x: readonly Row[], layer: string) => {
    const attention = `${layer}/MultiheadAttention`;
    const transform = (input: readonly Row[], part: string) =>
      linear(input, `${MODULE}/${attention}/${part}/kernel/part_0`, `${APPLY}/${attention}/${part}/bias/${PARTS}`);
    const all = transform(x, 'qkv_transform_single');
    const width = (all[0] as Row).length / 3;
    const [scale = 0] = vector(`${STACK}/${attention}/mul/y`);
    const joined = all.map((row) =>
      [0, 1, 2, 3].flatMap((head) => {
        const cut = (of: Row, part: number) =>
          of.slice(part * width + (head * width) / 4, part * width + ((head + 1) * width) / 4);
        const shares = all.map((other) => Math.exp(dot(cut(row, 0), cut(other, 1)) * scale));
        const total = shares.reduce((sum, share) => sum + share, 0);
        return cut(row, 2).map(
          (_, at) =>
            dot(
              shares,
              all.map((other) => cut(other, 2)[at] as number),
            ) / total,
        );
      }),
    );
    return transform(joined, 'output_transform_single');
  };

  const [table, speeds] = [
    vector('module/Embeddings_en'),
    vector(`${STACK}/Layer_0/AddTimingSignal/TimingSignal/ExpandDims_1`),
  ];
  let x: readonly Row[] = ids.slice(0, 128).map((id, position) => {
    const timing = [
      ...speeds.map((speed) => Math.sin(position * speed)),
      ...speeds.map((speed) => Math.cos(position * speed)),
    ];
    return timing.map((value, at) => 2 * (table[id * 256 + at] as number) + value);
  });
  for (const layer of ['Layer_0/TransformerLayer', 'Layer_1/TransformerLayer']) {
    const dense = `${APPLY}/${layer}/dense`;
    const beside = layer.startsWith('Layer_0') ? linear(x, `${dense}/kernel/${PARTS}`, `${dense}/bias/${PARTS}`) : x;
    const a = plus(attend(norm(x, `${APPLY}/${layer}`), layer), beside);
    const ffn = `${APPLY}/${layer}/FFN`;
    const conv = (input: readonly Row[], which: string) =>
      linear(input, `${STACK}/${layer}/FFN/${which}/Tensordot/Reshape_1`, `${ffn}/${which}/bias/${PARTS}`);
    const wide = conv(norm(a, ffn), 'conv1').map((row) => row.map((value) => Math.max(value, 0)));
    x = plus(a, conv(wide, 'conv2'));
  }
  const mean = (x[0] as Row).map((_, at) => average(x.map((row) => row[at] as number)));
  const [hidden = []] = linear([mean], `${HIDDEN}/weights`, `${HIDDEN}/bias`).map((row) => row.map(Math.tanh));
  return Float32Array.from(hidden, (value) => value / Math.sqrt(dot(hidden, hidden)));
}

function dot(a: Row, b: Row): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] as number), 0);
}

function average(values: Row): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function plus(a: readonly Row[], b: readonly Row[]): Row[] {
  return a.map((row, at) => row.map((value, column) => value + (b[at]?.[column] as number)));
}
