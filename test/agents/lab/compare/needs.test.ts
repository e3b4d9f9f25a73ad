import { expect, test } from 'vitest';
import { needsOf } from '../../../../agents/lab/compare/needs.js';

test('a policy says which predictors it opens, whether it looks at neighbours, and whether it lacks an alpha', () => {
  expect(needsOf('fifo', false)).toEqual({ predictors: [], neighbours: false, means: false, alpha: false });
  expect(needsOf('oracle-caps', false)).toEqual({ predictors: [], neighbours: false, means: false, alpha: false });
  expect(needsOf('eccos:predictor=p,encoder=e', false)).toEqual({
    predictors: [{ predictor: 'p', encoder: 'e', memory: undefined, memoryFault: 'set-aside' }],
    neighbours: false,
    means: false,
    alpha: true,
  });
  expect(needsOf('task-list', true)).toMatchObject({ predictors: [], means: true });
  expect(needsOf('eccos:alpha=.8', false).alpha).toBe(false);
  expect(needsOf('per-call-16nn', true)).toEqual({ predictors: [], neighbours: true, means: false, alpha: false });
});

test.each([
  ['per-call-16nn', /--policies: .*only in eccos compare --data/],
  ['eccos:memory=folder', /--policies: Expected no memory, because all trials begin alike, got "folder"/],
  ['eccos:alpha=2', /--policies: .*alpha.*2/],
])('%s is refused', (spec, message) => {
  expect(() => needsOf(spec, false)).toThrow(
    expect.objectContaining({ code: 'invalid-config', message: expect.stringMatching(message) }),
  );
});
