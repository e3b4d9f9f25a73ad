import { expect, test } from 'vitest';
import { ask, testKernel } from '../../support/kernel.js';
import { ScriptedCore } from '../../support/scripted-core.js';

const CALLS = 100;

/** A kernel that has decided on all calls at once, one turn later. */
async function decided() {
  const core = new ScriptedCore('core', { cap: CALLS });
  const made = testKernel([core], { policy: 'fifo' });
  const { session } = await made.spawn();
  const placed: number[] = [];
  made.kernel.events.on('tick', (tick) => placed.push(tick.placed));
  const asked = Array.from({ length: CALLS }, () => session.call('llm.chat', ask()).catch(() => {}));
  return { ...made, core, session, placed, asked };
}

test('starts a few calls a turn, in order, and there is no other decision meanwhile', async () => {
  const { clock, core, placed, pass } = await decided();
  const started: number[] = [];
  const look = () => {
    started.push(core.requests.length);
    if (core.requests.length < CALLS) clock.after(0, look);
  };
  clock.after(0, look);
  await pass(1);
  expect(placed).toEqual([CALLS]);
  expect(core.requests).toHaveLength(CALLS);
  const steps = started.map((count, turn) => count - (started[turn - 1] ?? 0));
  expect(Math.max(...steps)).toBeLessThanOrEqual(16);
});

test('does not start what has ended meanwhile, and what comes meanwhile has its turn behind it', async () => {
  const { clock, core, session, pass, asked } = await decided();
  let isCancelled = false;
  const look = () => {
    if (core.requests.length === 0 || isCancelled) return void (isCancelled || clock.after(0, look));
    isCancelled = true;
    void session.call('syscall.cancel', { syscallId: `s${CALLS - 1}` });
    asked.push(session.call('llm.chat', ask('late')).catch(() => {}));
  };
  clock.after(0, look);
  await pass(1);
  expect(isCancelled).toBe(true);
  expect(core.requests).toHaveLength(CALLS);
  expect(core.last.request.params.messages).toEqual(ask('late').messages);
});
