import { expect, test } from 'vitest';
import { inOrder, parseContender, splitPolicies } from '../../../../agents/lab/compare/contender.js';
import type { CoreConfig } from '../../../../kernel/cores/kinds/registry.js';

test('a comma before key=value goes on with the same policy, any other begins a new one', () => {
  expect(splitPolicies('fifo, round-robin:timeSliceMs=200,order=expensive-first,fifo:order=cheap-first')).toEqual([
    'fifo',
    'round-robin:timeSliceMs=200,order=expensive-first',
    'fifo:order=cheap-first',
  ]);
});

test('the order of cores is taken out of what the policy gets', () => {
  expect(parseContender('fifo')).toEqual({ name: 'fifo', policy: 'fifo', coreOrder: 'given' });
  expect(parseContender('round-robin:timeSliceMs=200,order=expensive-first')).toEqual({
    name: 'round-robin:timeSliceMs=200,order=expensive-first',
    policy: 'round-robin:timeSliceMs=200',
    coreOrder: 'expensive-first',
  });
});

test.each(['lifo', 'fifo:speed=3', 'round-robin:timeSliceMs=soon', 'fifo:order=random'])('%s is refused', (name) => {
  expect(() => parseContender(name)).toThrow(expect.objectContaining({ code: 'invalid-config' }));
});

test('cores are ordered by output price, equal prices as given', () => {
  const core = (id: string, outputPerMTok: number) =>
    ({ id, price: { inputPerMTok: 1, outputPerMTok } }) as unknown as CoreConfig;
  const cores = [core('b', 2), core('c', 3), core('a', 1), core('b2', 2)];
  const ids = (order: 'given' | 'cheap-first' | 'expensive-first') => inOrder(cores, order).map(({ id }) => id);
  expect(ids('given')).toEqual(['b', 'c', 'a', 'b2']);
  expect(ids('cheap-first')).toEqual(['a', 'b', 'b2', 'c']);
  expect(ids('expensive-first')).toEqual(['c', 'b', 'b2', 'a']);
});
