import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeWhole } from '../../schedulers/eccos/predictor/files.js';
import { CaseStore } from '../../schedulers/eccos/retrieval/case-store.js';
import { GraphIndex } from '../../schedulers/eccos/retrieval/graph-index.js';
import { decodeStore, encodeStore } from '../../schedulers/eccos/retrieval/store-file.js';
import { VectorBlock } from '../../schedulers/eccos/retrieval/vector-block.js';
import { sentenceVectors } from '../schedulers/eccos/retrieval/sentence-vectors.js';
import { percentile } from './measure.js';

const DIMENSIONS = 512;
const QUERIES = 200;
const MODELS = Array.from({ length: 12 }, (_, n) => `model-${n}`);
const RIGHT = { score: 1, outputTokens: 100 };
const NAME = { tenant: 'bench', task: 'bench' };

/** `npm run bench -- retrieval [--sizes 1000,10000,100000]`: the index against comparing with every point, then a whole store. */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { sizes: { type: 'string', default: '1000,10000,100000' } },
  });
  const sizes = values.sizes.split(',').map(Number);
  console.log(
    `${QUERIES} queries, ${DIMENSIONS} dimensions; vectors are made up and clustered as sentence embeddings are`,
  );
  for (const size of sizes) index(size);
  for (const size of sizes) await store(size);
}

/** Points in a graph, and the same points compared one by one. */
function index(size: number): void {
  const draw = sentenceVectors(DIMENSIONS, 1);
  const vectors = Array.from({ length: size }, draw);
  const block = new VectorBlock(DIMENSIONS);
  const blockBytes = resident(() => fill(block, vectors));
  const graph = GraphIndex.open(DIMENSIONS, size);
  if (graph === undefined) throw new Error('Expected the addon of hnswlib-node to be compiled');
  let inserts: readonly number[] = [];
  const graphBytes = resident(() => {
    inserts = fill(graph, vectors);
  });
  const queries = Array.from({ length: QUERIES }, draw);
  for (const count of [16, 128, 512]) {
    const graphTimes: number[] = [];
    const blockTimes: number[] = [];
    let hits = 0;
    for (const query of queries) {
      const [truth, blockMs] = timed(() => block.nearest(query, count));
      const [found, graphMs] = timed(() => graph.nearest(query, count));
      graphTimes.push(graphMs);
      blockTimes.push(blockMs);
      const known = new Set(truth.slots);
      hits += found.slots.filter((slot) => known.has(slot)).length;
    }
    const recall = (hits / (QUERIES * count)).toFixed(4);
    console.log(
      `${String(size).padStart(6)} points | ${count} neighbours: HNSW ${ms(graphTimes)}, recall ${recall}; brute force ${ms(blockTimes)}`,
    );
  }
  const replaced = fill(graph, Array.from({ length: QUERIES }, draw));
  console.log(
    `              | insert: HNSW ${ms(inserts)}, in place of another ${ms(replaced)}` +
      ` | resident a point: HNSW ${kb(graphBytes / size)}, brute force ${kb(blockBytes / size)}`,
  );
}

/** The store as it is used: every model rated (128 points are searched), then one model a text (512). */
async function store(size: number): Promise<void> {
  const limits = { pointsPerPartition: size, points: size };
  for (const rated of [MODELS.length, 1]) {
    const draw = sentenceVectors(DIMENSIONS, 1);
    const filled = new CaseStore('made-up', DIMENSIONS, limits);
    for (let n = 0; n < size; n++) {
      const vector = draw();
      const outcome = { score: n % 2, outputTokens: n % 999 };
      for (let m = 0; m < rated; m++)
        filled.insert(NAME, `text ${n}`, vector, MODELS[(n + m) % MODELS.length]!, outcome);
    }
    const queries = Array.from({ length: QUERIES }, draw);
    const ask = (asked: CaseStore) => queries.map((query) => timed(() => asked.estimate(NAME, query, MODELS))[1]);
    const times = ask(filled);
    const inserts = queries.map(
      (query, n) => timed(() => filled.insert(NAME, `more ${n}`, query, MODELS[0]!, RIGHT))[1],
    );

    const folder = mkdtempSync(join(tmpdir(), 'bench-retrieval-'));
    const path = join(folder, 'store');
    const [, saveMs] = await timedAsync(() => writeWhole(path, encodeStore(filled)));
    const [restored, restoreMs] = timed(() =>
      decodeStore(readFileSync(path), path, { encoder: 'made-up', dimensions: DIMENSIONS }, limits),
    );
    console.log(
      `${String(size).padStart(6)} texts, ${rated} of ${MODELS.length} models rated | estimate for ${MODELS.length} models ${ms(times)}` +
        ` | insert into a full store ${ms(inserts)}`,
    );
    console.log(
      `              | save ${saveMs.toFixed(0)} ms, ${(statSync(path).size / 2 ** 20).toFixed(1)} MB | restore ${restoreMs.toFixed(0)} ms, its first ${QUERIES} estimates ${ms(ask(restored))}`,
    );
    rmSync(folder, { recursive: true });
  }
}

function fill(held: VectorBlock | GraphIndex, vectors: readonly Float32Array[]): readonly number[] {
  return vectors.map((vector, slot) => timed(() => held.set(slot, vector))[1]);
}

function timed<T>(work: () => T): [T, number] {
  const start = performance.now();
  const result = work();
  return [result, performance.now() - start];
}

async function timedAsync<T>(work: () => Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  const result = await work();
  return [result, performance.now() - start];
}

/** Growth of the resident memory in bytes. A store holds a vector in both, and 12 bytes an outcome. */
function resident(work: () => void): number {
  const before = process.memoryUsage().rss;
  work();
  return process.memoryUsage().rss - before;
}

function ms(times: readonly number[]): string {
  return `p50 ${percentile(times, 0.5).toFixed(3)} p99 ${percentile(times, 0.99).toFixed(3)} ms`;
}

function kb(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KB`;
}
