import { expect, test, vi } from 'vitest';
import { parseContender } from '../../../agents/lab/compare/contender.js';
import { NEW_MODEL_BASELINE } from '../../../agents/lab/old-names.js';

test('the old name of an order is still taken, with a warning', () => {
  let warned = '';
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    warned += text;
    return true;
  });
  const name = 'fifo:order=dear-first';
  expect(parseContender(name)).toEqual({ name, policy: 'fifo', coreOrder: 'expensive-first' });
  spy.mockRestore();
  expect(warned).toBe(
    '--policies: order=dear-first is now called order=expensive-first; the old name will be an error\n',
  );
});

test('the baseline of a new model keeps its key in reports', () => {
  expect(NEW_MODEL_BASELINE).toBe('new model, 50 judged');
});
