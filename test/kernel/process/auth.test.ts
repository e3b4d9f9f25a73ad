import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { checkConfig } from '../../../kernel/config/config.js';
import { Authenticator } from '../../../kernel/process/auth.js';
import { LOCAL } from '../../../kernel/process/principal.js';

const CORES = [{ id: 'a', kind: 'simulated', price: { inputPerMTok: 1, outputPerMTok: 1 } }];
const ENV = { ALICE_TOKEN: 'alice-secret', EMPTY: '' };

function authOf(...tokens: object[]) {
  return checkConfig({ auth: { tokens }, cores: CORES }, 'the test').auth;
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const alice = { name: 'alice', env: 'ALICE_TOKEN' };
const bob = { name: 'bob', sha256: sha256('bob-secret') };

test('without tokens everybody is the operator of this machine', () => {
  const auth = new Authenticator(authOf(), {});
  expect(auth.authenticate(undefined)).toBe(LOCAL);
  expect(auth.authenticate('anything')).toBe(LOCAL);
  expect(auth.stillValid(LOCAL)).toBe(true);
});

test('a token is known by a variable or by its hash, and nothing else is', () => {
  const auth = new Authenticator(authOf(alice, bob), ENV);
  expect(auth.authenticate('alice-secret')?.name).toBe('alice');
  expect(auth.authenticate('bob-secret')?.name).toBe('bob');
  for (const wrong of [undefined, '', 'bob', 'bob-secret ', 'BOB-SECRET', sha256('bob-secret'), 'x'.repeat(10_000)]) {
    expect(auth.authenticate(wrong)).toBeUndefined();
  }
});

test('a principal has the scope of its token', () => {
  const scope = { tenant: 't', cores: ['a'], methods: ['llm.chat'], maxPriority: 3, maxPending: 5, budgetUsd: 0.5 };
  const auth = new Authenticator(authOf({ ...bob, ...scope }, alice), ENV);
  expect(auth.authenticate('bob-secret')).toEqual({ name: 'bob', operator: false, verifier: false, ...scope });
  expect(auth.authenticate('alice-secret')).toEqual({
    ...LOCAL,
    name: 'alice',
    operator: false,
    verifier: false,
  });
});

test('a principal has the budgets of each period that its token has', () => {
  const auth = new Authenticator(authOf({ ...bob, budgetPerDayUsd: 2, budgetPerMonthUsd: 20 }, alice), ENV);
  expect(auth.authenticate('bob-secret')).toMatchObject({ budgetUsdBy: { day: 2, month: 20 } });
  expect(auth.authenticate('alice-secret')).not.toHaveProperty('budgetUsdBy');
});

test.each(['MISSING', 'EMPTY'])('a variable without a value is named: %s', (env) => {
  expect(() => new Authenticator(authOf(bob, { name: 'x', env }), ENV)).toThrow(
    expect.objectContaining({
      code: 'invalid-config',
      message: `auth.tokens.1.env: Expected the variable ${env} to hold a token, got nothing`,
    }),
  );
});

test('one token under two names is refused without being shown', () => {
  const twice = authOf(alice, { name: 'eve', sha256: sha256('alice-secret') });
  expect(() => new Authenticator(twice, ENV)).toThrow(/^auth.tokens.1: Expected every token once, got one twice$/);
});

test('neither the object nor its JSON holds a token', () => {
  const auth = new Authenticator(authOf(alice), ENV);
  expect(JSON.stringify([auth, auth.authenticate('alice-secret')])).not.toContain('alice-secret');
});

describe('another config', () => {
  test('keeps the principals of unchanged tokens and forgets those that are gone', () => {
    const auth = new Authenticator(authOf(alice, bob), ENV);
    const [before, gone] = [auth.authenticate('alice-secret'), auth.authenticate('bob-secret')];
    auth.replace(authOf({ name: 'carol', sha256: sha256('carol-secret') }, alice));
    expect(auth.authenticate('alice-secret')).toBe(before);
    expect(before && auth.stillValid(before)).toBe(true);
    expect(auth.authenticate('bob-secret')).toBeUndefined();
    expect(gone && auth.stillValid(gone)).toBe(false);
  });

  test('makes a principal with a changed scope, or a changed secret, invalid', () => {
    const auth = new Authenticator(authOf(alice, bob), ENV);
    const before = [auth.authenticate('alice-secret'), auth.authenticate('bob-secret')];
    auth.replace(authOf({ ...alice, maxPriority: 1 }, { ...bob, sha256: sha256('new-secret') }));
    expect(before.map((principal) => principal && auth.stillValid(principal))).toEqual([false, false]);
  });

  test('ends the time of LOCAL with its first token', () => {
    const auth = new Authenticator(authOf(), {});
    auth.replace(authOf(bob));
    expect(auth.stillValid(LOCAL)).toBe(false);
    expect(auth.authenticate(undefined)).toBeUndefined();
  });

  test('that is wrong, or would let everybody in, changes nothing', () => {
    const auth = new Authenticator(authOf(bob), ENV);
    expect(() => auth.replace(authOf())).toThrow('auth.tokens: Expected at least one token');
    expect(() => auth.replace(authOf({ name: 'x', env: 'MISSING' }))).toThrow(/MISSING/);
    expect(auth.authenticate('bob-secret')?.name).toBe('bob');
  });
});
