import { AsyncLocalStorage } from 'node:async_hooks';
import { afterAll } from 'vitest';

/**
 * Switches off what a file has stored in async contexts. In Node 20 each storage that was used once costs time at every promise
 * of its process, for good: some mocks make one a server, and the files after them in a worker took up to nine times as long.
 */
const used = new Set<AsyncLocalStorage<unknown>>();
const { prototype } = AsyncLocalStorage;
const { run, enterWith } = prototype;
prototype.run = function (this: AsyncLocalStorage<unknown>, ...args: unknown[]) {
  used.add(this);
  return Reflect.apply(run, this, args);
};
prototype.enterWith = function (this: AsyncLocalStorage<unknown>, store: unknown) {
  used.add(this);
  enterWith.call(this, store);
};

afterAll(() => {
  Object.assign(prototype, { run, enterWith });
  for (const storage of used) storage.disable();
});
