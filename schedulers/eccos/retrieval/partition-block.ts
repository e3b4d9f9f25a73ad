import { z } from 'zod';
import type { Outcome } from './outcome-column.js';
import type { Partition, Point } from './partition.js';

const blockHeader = z.object({ id: z.string(), points: z.int().min(0), models: z.array(z.string()) });

const KEY_BYTES = 16;

/**
 * A partition as bytes: a line of JSON (digest of its name, points, models), then columns, points rated longest ago first:
 * digests of the texts (16 bytes each), vectors (32-bit floats), and for each model scores (64-bit floats, NaN: not rated)
 * and output tokens (32-bit). Numbers are in the byte order of the machine.
 */
export function encodePartition(id: string, partition: Partition, dimensions: number): readonly Uint8Array[] {
  const models = partition.models();
  const count = partition.size;
  const keys = Buffer.alloc(count * KEY_BYTES);
  const vectors = new Float32Array(count * dimensions);
  const scores = models.map(() => new Float64Array(count).fill(Number.NaN));
  const tokens = models.map(() => new Uint32Array(count));
  let n = 0;
  for (const { key, vector, outcomes } of partition.points()) {
    keys.write(key, n * KEY_BYTES, 'hex');
    vectors.set(vector, n * dimensions);
    for (const [m, model] of models.entries()) {
      const outcome = outcomes.get(model);
      if (outcome === undefined) continue;
      scores[m]![n] = outcome.score;
      tokens[m]![n] = outcome.outputTokens;
    }
    n++;
  }
  const first = Buffer.from(`${JSON.stringify({ id, points: count, models })}\n`);
  return [first, keys, bytesOf(vectors), ...models.flatMap((_, m) => [bytesOf(scores[m]!), bytesOf(tokens[m]!)])];
}

/** Reads one block of a file whose bytes are known to be as they were written. */
export function decodePartition(
  bytes: Buffer,
  offset: number,
  dimensions: number,
): { id: string; points: Iterable<Point>; end: number } {
  const line = bytes.indexOf('\n', offset);
  const { id, points, models } = blockHeader.parse(JSON.parse(bytes.toString('utf8', offset, line)));
  let at = line + 1;
  /** A copy, because typed arrays must start at a multiple of their size. */
  const next = (size: number) => {
    const part = new Uint8Array(bytes.subarray(at, at + size)).buffer;
    at += size;
    return part;
  };
  const keys = Buffer.from(next(points * KEY_BYTES));
  const vectors = new Float32Array(next(points * dimensions * Float32Array.BYTES_PER_ELEMENT));
  const columns = models.map((model) => ({
    model,
    scores: new Float64Array(next(points * Float64Array.BYTES_PER_ELEMENT)),
    tokens: new Uint32Array(next(points * Uint32Array.BYTES_PER_ELEMENT)),
  }));
  return { id, points: pointsOf(), end: at };

  function* pointsOf(): Generator<Point> {
    for (let n = 0; n < points; n++) {
      const outcomes = new Map<string, Outcome>();
      for (const { model, scores, tokens } of columns) {
        const score = scores[n] as number;
        if (!Number.isNaN(score)) outcomes.set(model, { score, outputTokens: tokens[n] as number });
      }
      const key = keys.toString('hex', n * KEY_BYTES, (n + 1) * KEY_BYTES);
      yield { key, vector: vectors.subarray(n * dimensions, (n + 1) * dimensions), outcomes };
    }
  }
}

function bytesOf(array: Float32Array | Float64Array | Uint32Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
