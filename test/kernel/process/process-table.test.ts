import { describe, expect, test } from 'vitest';
import { LOCAL } from '../../../kernel/process/principal.js';
import { ProcessTable } from '../../../kernel/process/process-table.js';
import type { SyscallError } from '../../../syscalls/errors.js';

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

describe('a process that comes back with another pid', () => {
  const bob = { ...LOCAL, name: 'bob' };

  function world() {
    const table = new ProcessTable(
      () => 100,
      () => 1,
      () => 1000,
    );
    const enter = (more: { readonly parent?: number; readonly was?: number } = {}, now = 0, scope = LOCAL) =>
      table.spawn({ protocol: 1, name: 'a', ...more }, scope, () => {}, now);
    const code = (more: Parameters<typeof enter>[0], now = 0, scope = LOCAL) => {
      try {
        enter(more, now, scope);
      } catch (error) {
        return (error as SyscallError).code;
      }
      return 'entered';
    };
    return { table, enter, code };
  }

  test('has its children again, those that never left and those that come by its old pid', () => {
    const { table, enter } = world();
    const above = enter();
    const parent = enter({ parent: above.pid });
    const [stays, leaves] = [enter({ parent: parent.pid }), enter({ parent: parent.pid })];
    table.lose(parent, 0);
    table.lose(leaves, 0);
    expect(stays.parent).toBe(above);
    const back = enter({ parent: above.pid, was: parent.pid }, 500);
    expect(stays.parent).toBe(back);
    const child = enter({ parent: parent.pid, was: leaves.pid }, 500);
    expect([child.parent, back.children]).toEqual([back, new Set([stays, child])]);
    table.lose(back, 500);
    const again = enter({ was: back.pid }, 600);
    expect(enter({ parent: parent.pid }, 600).parent).toBe(again);
    expect(table.subtree(again.pid, LOCAL)).toHaveLength(4);
  });

  test('is waited for while it may come, after its connection was lost and after a new start of the kernel', () => {
    const { table, enter, code } = world();
    table.beginAt(1001, 0);
    expect([code({ parent: 7 }, 999), code({ parent: 7 }, 1000), code({ parent: 5000 })]).toEqual([
      'busy',
      'not-found',
      'not-found',
    ]);
    const [lost, closed] = [enter(), enter()];
    table.lose(lost, 2000);
    table.remove(closed);
    expect([lost, closed].map(({ pid }) => code({ parent: pid }, 2500))).toEqual(['busy', 'not-found']);
    expect([code({ parent: lost.pid }, 3000), code({ parent: lost.pid }, 2500, bob)]).toEqual([
      'not-found',
      'not-found',
    ]);
    const parent = enter({ was: 7 }, 500);
    expect(enter({ parent: 7 }, 5000).parent).toBe(parent);
  });

  test('takes over from one whose end was not noticed yet, and of its own token only', () => {
    const { table, enter } = world();
    const old = enter();
    const child = enter({ parent: old.pid });
    enter({ was: old.pid }, 0, bob);
    const back = enter({ was: old.pid });
    expect(child.parent).toBe(old);
    table.lose(old, 0);
    expect(child.parent).toBe(back);
    table.lose(back, 0);
    expect(enter({ was: back.pid }, 0, bob).children.size).toBe(0);
  });

  test('never becomes its own ancestor', () => {
    const { table, enter } = world();
    const root = enter();
    const child = enter({ parent: root.pid });
    const grandchild = enter({ parent: child.pid, was: root.pid });
    table.remove(root);
    expect([child.parent, grandchild.parent]).toEqual([undefined, child]);
    expect(table.subtree(child.pid, LOCAL)).toEqual([child, grandchild]);
    table.lose(child, 0);
    enter({ was: child.pid, parent: grandchild.pid });
    expect(table.subtree(grandchild.pid, LOCAL).length).toBeLessThan(3);
  });
});
