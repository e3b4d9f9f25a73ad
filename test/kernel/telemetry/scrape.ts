import type { Journal } from '../../../kernel/call/journal.js';
import { defaultConfig } from '../../../kernel/config/default-config.js';
import type { Kernel } from '../../../kernel/kernel.js';
import { Exposition } from '../../../kernel/telemetry/exposition.js';

/** Starts to count what a kernel does. @returns reads the exposition */
export function exposed(kernel: Kernel, journal: Pick<Journal, 'figures'> = {}): () => Promise<string> {
  const { events } = kernel;
  const config = defaultConfig();
  const exposition = new Exposition({ config, events, kernel, listener: { connections: 0 }, journal });
  exposition.start();
  return () => exposition.text();
}

/** The sum of all lines of a metric whose labels hold these. */
export function sumOf(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => wanted.every((one) => line.includes(one)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
