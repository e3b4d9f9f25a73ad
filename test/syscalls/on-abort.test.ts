import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { onAbort } from '../../syscalls/on-abort.js';

const listenersOf = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

test('many wait for one signal with one listener, and run in their order, once each', () => {
  const controller = new AbortController();
  const ran: number[] = [];
  for (let n = 0; n < 100; n++) onAbort(controller.signal, () => void ran.push(n));
  expect(listenersOf(controller.signal)).toBe(1);
  controller.abort();
  controller.abort();
  expect(ran).toEqual(Array.from({ length: 100 }, (_, n) => n));
  expect(listenersOf(controller.signal)).toBe(0);
});

test('what is cancelled does not run, and the last one takes the listener away', () => {
  const controller = new AbortController();
  const ran: string[] = [];
  const run = (name: string) => () => void ran.push(name);
  const first = onAbort(controller.signal, run('first'));
  const second = onAbort(controller.signal, run('second'));
  first();
  first();
  expect(listenersOf(controller.signal)).toBe(1);
  second();
  expect(listenersOf(controller.signal)).toBe(0);
  onAbort(controller.signal, run('third'));
  first();
  second();
  expect(listenersOf(controller.signal)).toBe(1);
  controller.abort();
  expect(ran).toEqual(['third']);
});

test('one function may wait twice, also for two signals', () => {
  const [one, other] = [new AbortController(), new AbortController()];
  let times = 0;
  const run = () => {
    times++;
  };
  onAbort(one.signal, run);
  const cancel = onAbort(one.signal, run);
  onAbort(other.signal, run);
  cancel();
  one.abort();
  expect(times).toBe(1);
  other.abort();
  expect(times).toBe(2);
});

test('who cancels or joins while the others run breaks nothing', () => {
  const source = new AbortController();
  const ran: string[] = [];
  const cancels: (() => void)[] = [];
  cancels.push(
    onAbort(source.signal, () => {
      for (const cancel of cancels) cancel();
    }),
  );
  cancels.push(onAbort(source.signal, () => void ran.push('second')));
  onAbort(source.signal, () => void onAbort(source.signal, () => void ran.push('never')));
  source.abort();
  expect(ran).toEqual(['second']);
});
