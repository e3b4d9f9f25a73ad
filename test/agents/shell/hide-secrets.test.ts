import { expect, test } from 'vitest';
import { hideSecrets } from '../../../agents/shell/hide-secrets.js';

/** Names an environment variable. */
const VARIABLE = `$\{TOKEN}`;

const hideIn = (core: object) => (hideSecrets({ seed: 1, cores: [core] }) as { cores: unknown[] }).cores[0];

test.each<[object, object]>([
  [{ headers: { a: 'secret', b: 7 } }, { headers: { a: '(not shown)', b: '(not shown)' } }],
  [{ query: { a: 'secret' } }, { query: { a: '(not shown)' } }],
  [{ headers: { a: VARIABLE, b: `Bearer ${VARIABLE}` } }, { headers: { a: VARIABLE, b: '(not shown)' } }],
  [
    { headers: {}, query: {} },
    { headers: {}, query: {} },
  ],
  [{ proxy: 'http://me:secret@proxy.test' }, { proxy: 'http://(not shown)@proxy.test' }],
  [{ proxy: 'http://me:a/b@c@proxy.test:1' }, { proxy: 'http://(not shown)@proxy.test:1' }],
  [{ proxy: 'http://proxy.test' }, { proxy: 'http://proxy.test' }],
  [
    { proxy: false, id: 'a', price: { inputPerMTok: 1 } },
    { proxy: false, id: 'a', price: { inputPerMTok: 1 } },
  ],
])('of %j, %j is printed', (core, shown) => {
  expect(hideIn(core)).toEqual(shown);
});

test('what holds no cores stays as it is', () => {
  expect(hideSecrets({ seed: 1 })).toEqual({ seed: 1 });
});
