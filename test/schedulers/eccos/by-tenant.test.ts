import { expect, test } from 'vitest';
import { ByTenant } from '../../../schedulers/eccos/by-tenant.js';

const kept = (all: ByTenant<string>) => [...all.entries()].map(([tenant]) => tenant).sort();

test('what is used longest ago goes first, where every tenant is a party of its own', () => {
  const all = new ByTenant<string>(3);
  for (const tenant of ['a', 'b', 'c']) all.of(tenant, () => tenant);
  expect(all.of('a', () => 'new')).toBe('a');
  expect(all.peek('b')).toBe('b');
  all.set('d', 'd');
  expect(kept(all)).toEqual(['a', 'c', 'd']);
  expect(all.size).toBe(3);
});

test('a party that floods it with tenants loses its own', () => {
  const all = new ByTenant<string>(10);
  for (const tenant of ['a', 'b', 'b/two']) all.set(tenant, tenant);
  for (let n = 0; n < 1000; n++) all.set(`flood/${n}`, '');
  expect(kept(all).filter((tenant) => !tenant.startsWith('flood'))).toEqual(['a', 'b', 'b/two']);
  expect(all.size).toBe(10);
  expect(all.parties().map((own) => own.length)).toEqual([1, 2, 7]);
});
