import { bursts, largest, listings } from './attack/askers.js';
import type { Case } from './attack/case.js';
import { busy } from './attack/overload.js';
import { deaf, fragments, honest, long } from './attack/readers.js';
import { shares } from './attack/shares.js';
import { mute, silent } from './attack/silent.js';

const CASES: Readonly<Record<string, Case>> = {
  bursts,
  listings,
  largest,
  deaf,
  long,
  honest,
  fragments,
  silent,
  mute,
  shares,
  busy,
};

/** What hostile and careless agents do to a kernel with the usual limits. @param args names of cases; none: all. `--long`: the long size */
export async function run(args: readonly string[]): Promise<void> {
  const names = args.filter((arg) => !arg.startsWith('--'));
  for (const name of names.length === 0 ? Object.keys(CASES) : names) {
    const attack = CASES[name];
    if (attack === undefined) throw new Error(`Expected one of ${Object.keys(CASES).join(', ')}, got "${name}"`);
    console.log(`${name}: ${await attack(args.includes('--long'))}`);
  }
}
