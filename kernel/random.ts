import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';

/** Numbers from 0 up to 1 that nobody can repeat: for jitter. Everything that a seed must repeat draws elsewhere. */
export function systemRandom(): number {
  return Math.random();
}

/** A short name for one boot of a kernel, so that ids of syscalls differ from those of the boot before. */
export function bootId(): string {
  return randomBytes(4).toString('hex');
}

/** A name for this process among the nodes of a cluster, which people can find: host, process and boot. */
export function nodeName(): string {
  return `${hostname()}-${process.pid}-${bootId()}`;
}
