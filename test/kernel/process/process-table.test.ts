import { expect, test } from 'vitest';
import { LOCAL } from '../../../kernel/process/principal.js';
import { ProcessTable } from '../../../kernel/process/process-table.js';

test('all that descend from a process are of its program, also when it has ended', () => {
  const table = new ProcessTable(() => 10);
  const spawn = (parent?: number) =>
    table.spawn({ protocol: 1, name: 'a', ...(parent === undefined ? {} : { parent }) }, LOCAL, () => {}, 0);
  const root = spawn();
  const child = spawn(root.pid);
  const grandchild = spawn(child.pid);
  expect([root, child, grandchild].map(({ program }) => program)).toEqual([root.pid, root.pid, root.pid]);
  table.remove(root);
  table.remove(child);
  expect(spawn(grandchild.pid).program).toBe(root.pid);
  const other = spawn();
  expect(other.program).toBe(other.pid);
});
