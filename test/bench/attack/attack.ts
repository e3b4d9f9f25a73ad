import { bursts, largest, listings } from './askers.js';
import type { Case } from './case.js';
import { busy } from './overload.js';
import { deaf, fragments, honest, long } from './readers.js';
import { shares } from './shares.js';
import { mute, silent } from './silent.js';

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
