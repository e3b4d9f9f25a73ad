import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { Sockets } from '../../../kernel/doors/sockets.js';

function socketOf(remotePort: number, remoteAddress = '10.0.0.1') {
  const made = Object.assign(new EventEmitter(), { remoteAddress, remotePort, isDestroyed: false, destroy: () => {} });
  made.destroy = () => {
    made.isDestroyed = true;
    made.emit('close');
  };
  return made as unknown as Socket & { readonly isDestroyed: boolean };
}

test('where an address is full, the oldest connection that has said nothing makes room', () => {
  const sockets = new Sockets();
  const open = Array.from({ length: 5 }, (_, n) => socketOf(n));
  expect(open.map((socket) => sockets.admit(socket, 3))).toEqual([true, true, true, true, true]);
  expect(open.map(({ isDestroyed }) => isDestroyed)).toEqual([true, true, false, false, false]);
  expect(sockets.total).toBe(3);
});

test('those that have spoken keep their places, and then nobody new comes in', () => {
  const sockets = new Sockets();
  const [a, b, c, d] = [socketOf(1), socketOf(2), socketOf(3), socketOf(4)];
  for (const socket of [a, b]) {
    sockets.admit(socket, 2);
    sockets.spoke(socket);
  }
  expect(sockets.admit(c, 2)).toBe(false);
  expect(sockets.admit(socketOf(3, '10.0.0.2'), 2)).toBe(true);
  a.destroy();
  expect(sockets.admit(d, 2)).toBe(true);
  expect([b.isDestroyed, sockets.total]).toEqual([false, 3]);
});

test('a port that is used again counts once', () => {
  const sockets = new Sockets();
  const [old, young] = [socketOf(7), socketOf(7)];
  sockets.admit(old, 1);
  sockets.admit(young, 1);
  old.emit('close');
  expect([sockets.total, young.isDestroyed]).toEqual([1, false]);
  young.destroy();
  expect(sockets.total).toBe(0);
});
