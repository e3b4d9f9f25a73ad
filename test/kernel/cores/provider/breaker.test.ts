import { describe, expect, test } from 'vitest';
import { VirtualClock } from '../../../../kernel/clock.js';
import { CoreError } from '../../../../kernel/cores/core.js';
import { Breaker } from '../../../../kernel/cores/provider/breaker.js';
import { ask, callOf, errorOf } from '../ask.js';
import { provider } from './provider-world.js';

const CLOSED = { slots: Number.POSITIVE_INFINITY, retryAt: undefined };
const fails = () => Promise.reject(new CoreError('core-failed', 'down', { class: 'provider' }));
const rejects = () => Promise.reject(new CoreError('core-rejected', 'bad call', { class: 'request' }));
const works = () => Promise.resolve('fine');

/** Time that a test moves by hand. */
function world() {
  const clock = new VirtualClock();
  const breaker = new Breaker(clock, { failures: 3, halfOpenAfterMs: 10_000 });
  const run = (work: () => Promise<unknown>, signal = new AbortController().signal) =>
    errorOf(breaker.run(work, signal));
  const pass = (ms: number) => clock.runUntil(new Promise<void>((resolve) => clock.after(ms, resolve)));
  const open = async () => {
    for (let i = 0; i < 3; i++) await run(fails);
  };
  return { clock, breaker, run, pass, open };
}

describe('the circuit', () => {
  test('opens after failures in a row, and then sends nothing until its time', async () => {
    const { breaker, run, pass, open } = world();
    await run(fails);
    await run(fails);
    expect(breaker.health()).toEqual(CLOSED);
    await run(works);
    await open();
    expect(breaker.health()).toEqual({ slots: 0, retryAt: 10_000 });
    await pass(4_000);
    const error = await run(() => expect.fail('was sent'));
    expect(error).toMatchObject({ code: 'core-failed', retryAfterMs: 6_000 });
  });

  test('half-open lets one call through: its success closes it', async () => {
    const { breaker, run, pass, open } = world();
    await open();
    await pass(10_000);
    expect(breaker.health()).toEqual({ slots: 1, retryAt: undefined });
    let end: (text: string) => void = () => {};
    const probe = run(() => new Promise((resolve) => (end = resolve)));
    expect(breaker.health()).toEqual({ slots: 0, retryAt: undefined });
    expect(await run(() => expect.fail('was sent'))).toMatchObject({ code: 'core-failed' });
    end('fine');
    expect(await probe).toBeUndefined();
    expect(breaker.health()).toEqual(CLOSED);
  });

  test('half-open opens again when that one fails', async () => {
    const { breaker, run, pass, open } = world();
    await open();
    await pass(10_000);
    await run(fails);
    expect(breaker.health()).toEqual({ slots: 0, retryAt: 20_000 });
  });

  test('does not count rejected and aborted calls', async () => {
    const { breaker, run } = world();
    for (let i = 0; i < 10; i++) {
      await run(rejects);
      await run(() => Promise.reject(new Error('aborted')), AbortSignal.abort(new Error('aborted')));
    }
    expect(breaker.health()).toEqual(CLOSED);
  });

  test('stays half-open when the one call is aborted: nothing is known yet', async () => {
    const { breaker, run, pass, open } = world();
    await open();
    await pass(10_000);
    const reason = new Error('gone');
    expect(await run(() => Promise.reject(reason), AbortSignal.abort(reason))).toBe(reason);
    expect(breaker.health()).toEqual({ slots: 1, retryAt: undefined });
    await run(rejects);
    expect(breaker.health()).toEqual(CLOSED);
  });
});

test('a core’s circuit opens on the provider’s failures and closes when it works again', async () => {
  const { core, fake } = await provider(
    { fault: { kind: 'status', status: 500 } },
    { breaker: { failures: 2, halfOpenAfterMs: 30 } },
  );
  for (let i = 0; i < 3; i++) await errorOf(ask(core, callOf('q')).result);
  expect(fake.requests.length).toBe(2);
  expect(core.health?.().slots).toBe(0);
  fake.answer({ text: 'back' });
  await expect.poll(() => core.health?.().slots, { interval: 2 }).toBe(1);
  await ask(core, callOf('q')).result;
  expect(core.health?.().slots).toBe(Number.POSITIVE_INFINITY);
});
