import { expect, test } from 'vitest';
import { fifo } from '../../../schedulers/fifo.js';
import { ask, testKernel } from '../../support/kernel.js';
import { ScriptedCore } from '../../support/scripted-core.js';

/** FIFO that decides at most every 250 ms, on one core for all that come. */
async function paced() {
  const core = new ScriptedCore('a', { cap: 1000 });
  const { kernel, clock, spawn, pass } = testKernel([core], { policy: { ...fifo(), tickMs: 250 } });
  const decided: number[] = [];
  kernel.events.on('tick', ({ at }) => decided.push(at));
  const { session } = await spawn();
  const send = (count: number) => {
    for (let i = 0; i < count; i++) session.call('llm.chat', ask(`${i}`)).catch(() => {});
  };
  return { core, clock, decided, send, pass };
}

test('the first call is decided on at once, later ones when the time between two decisions is over', async () => {
  const { core, decided, send, pass } = await paced();
  send(1);
  await pass(1);
  expect(core.inFlight).toBe(1);
  for (let i = 0; i < 3; i++) {
    send(1);
    await pass(60);
  }
  expect(core.inFlight).toBe(1);
  await pass(100);
  expect(core.inFlight).toBe(4);
  expect(decided).toEqual([0, 250]);
});

test('a batch of 64 new calls does not wait, and the time counts again from there', async () => {
  const { core, decided, send, pass } = await paced();
  send(1);
  await pass(100);
  send(63);
  await pass(10);
  expect(core.inFlight).toBe(1);
  send(1);
  await pass(10);
  expect(core.inFlight).toBe(65);
  send(1);
  await pass(200);
  expect(core.inFlight).toBe(65);
  await pass(60);
  expect(core.inFlight).toBe(66);
  expect(decided).toEqual([0, 110, 360]);
});
