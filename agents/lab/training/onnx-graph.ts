import onnxProto from 'onnx-proto';
import { toHalf } from '../../../schedulers/eccos/onnx/half.js';

const { onnx } = onnxProto;
const { DataType } = onnx.TensorProto;
const { AttributeType } = onnx.AttributeProto;

const OPSET = 17;
const IR_VERSION = 8;

/** Element types of a graph: the array decides, and 16 bit words hold binary16 floats. */
export type Values = Float32Array | Uint16Array | Int8Array | Uint8Array | BigInt64Array;
export type ElementType = 'float' | 'float16' | 'int8' | 'uint8' | 'int64';
/** A text names a dimension that is known only when the model runs. */
export type Dimensions = readonly (number | string)[];
/** Whole numbers stand for ints; `{ float }` is a float even where it is whole. */
export type Attribute = number | readonly number[] | { readonly float: number };

const TYPES = {
  float: DataType.FLOAT,
  float16: DataType.FLOAT16,
  int8: DataType.INT8,
  uint8: DataType.UINT8,
  int64: DataType.INT64,
} as const satisfies Record<ElementType, number>;

/**
 * Writes an ONNX model (opset 17, IR 8): values are referred to by name, and the same calls give the same bytes.
 * Nothing is checked here: the runtime checks a model when it opens it.
 */
export class GraphBuilder {
  readonly #name: string;
  readonly #inputs: onnxProto.onnx.IValueInfoProto[] = [];
  readonly #outputs: onnxProto.onnx.IValueInfoProto[] = [];
  readonly #tensors: onnxProto.onnx.ITensorProto[] = [];
  readonly #nodes: onnxProto.onnx.INodeProto[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  /** An input of the model. @returns its name */
  input(name: string, type: ElementType, dimensions: Dimensions): string {
    this.#inputs.push(valueInfo(name, type, dimensions));
    return name;
  }

  /** Declares a value, made by a node of that name, as an output of the model. */
  output(name: string, type: ElementType, dimensions: Dimensions): void {
    this.#outputs.push(valueInfo(name, type, dimensions));
  }

  /** A constant in row order; no dimensions: a scalar. @returns its name */
  tensor(name: string, dimensions: readonly number[], values: Values): string {
    const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#tensors.push({ name, dataType: TYPES[typeOf(values)], dims: [...dimensions], rawData });
    return name;
  }

  /** A constant that is stored as float16 and used as float. @returns the name of the float value */
  half(name: string, dimensions: readonly number[], values: Float32Array): string {
    return this.cast(this.tensor(`${name}_half`, dimensions, toHalf(values)), 'float', name);
  }

  /** A list of int64 such as axes or a shape; the same list is stored once. @returns its name */
  ints(...values: readonly number[]): string {
    return this.#once(`ints_${values.join('_')}`, [values.length], BigInt64Array.from(values, BigInt));
  }

  /** One int64 without dimensions; stored once. @returns its name */
  int(value: number): string {
    return this.#once(`int_${value}`, [], BigInt64Array.of(BigInt(value)));
  }

  /** One float without dimensions; stored once. @returns its name */
  float(value: number): string {
    return this.#once(`float_${value}`, [], Float32Array.of(value));
  }

  /** Changes the element type. @returns the name of the result */
  cast(input: string, to: ElementType, output?: string): string {
    return this.node('Cast', [input], { to: TYPES[to] }, output === undefined ? undefined : [output]);
  }

  /**
   * One operation. An empty input name leaves out an optional input.
   *
   * @param outputs names of its results @default one, named after the operation and its number
   * @returns the name of the first result
   */
  node(
    operation: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    outputs: readonly string[] = [`${operation}_${this.#nodes.length}`],
  ): string {
    this.#nodes.push({
      opType: operation,
      name: `${operation}_${this.#nodes.length}`,
      input: [...inputs],
      output: [...outputs],
      attribute: Object.entries(attributes).map(([name, value]) => attributeOf(name, value)),
    });
    return outputs[0] as string;
  }

  /** The model as the bytes of an `.onnx` file. */
  toBytes(): Uint8Array {
    return onnx.ModelProto.encode({
      irVersion: IR_VERSION,
      opsetImport: [{ domain: '', version: OPSET }],
      producerName: 'eccos-kernel',
      graph: {
        name: this.#name,
        input: this.#inputs,
        output: this.#outputs,
        initializer: this.#tensors,
        node: this.#nodes,
      },
    }).finish();
  }

  #once(name: string, dimensions: readonly number[], values: Values): string {
    return this.#tensors.some((tensor) => tensor.name === name) ? name : this.tensor(name, dimensions, values);
  }
}

function typeOf(values: Values): ElementType {
  if (values instanceof Float32Array) return 'float';
  if (values instanceof Uint16Array) return 'float16';
  if (values instanceof Int8Array) return 'int8';
  return values instanceof Uint8Array ? 'uint8' : 'int64';
}

function valueInfo(name: string, type: ElementType, dimensions: Dimensions): onnxProto.onnx.IValueInfoProto {
  const dim = dimensions.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: TYPES[type], shape: { dim } } } };
}

function attributeOf(name: string, value: Attribute): onnxProto.onnx.IAttributeProto {
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: value };
  if ('float' in value) return { name, type: AttributeType.FLOAT, f: value.float };
  return { name, type: AttributeType.INTS, ints: [...value] };
}
