import { expect, test } from 'vitest';
import { GraphIndex, graphLibrary, loadGraphLibrary } from '../../../../schedulers/eccos/retrieval/graph-index.js';

test('the addon is loaded once, and a graph finds what it holds', () => {
  expect(graphLibrary()).toBe(graphLibrary());
  const graph = GraphIndex.open(2, 2);
  graph?.set(0, Float32Array.of(1, 0));
  graph?.set(1, Float32Array.of(0, 1));
  expect(graph?.nearest(Float32Array.of(0, 1), 1)).toEqual({ slots: [1], similarities: [1] });
});

test.each([
  ['is not installed', { code: 'MODULE_NOT_FOUND' }, "Cannot find module 'hnswlib-node'", /npm install hnswlib-node$/],
  ['was not compiled', {}, 'Could not locate the bindings file. Tried:', /npm rebuild hnswlib-node \(with pnpm/],
])('an addon that %s: the fault names the reason and the command that repairs it', (_, more, reason, command) => {
  const loaded = loadGraphLibrary(() => {
    throw Object.assign(new Error(`${reason}\n - here\n - there`), more);
  });
  expect(loaded).toEqual({ fault: expect.stringMatching(command) });
  expect(loaded).toEqual({ fault: expect.stringContaining(`got: ${reason}. Neighbours are found by a full scan`) });
});
