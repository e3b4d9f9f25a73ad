import { Predictors } from '../../agents/lab/compare/predictors.js';
import { ATTACKS, HONEST_NAMES, honestly } from '../../agents/lab/poisoning/attacks.js';
import { playPoisoned } from '../../agents/lab/poisoning/world.js';

export async function run(args: readonly string[]): Promise<void> {
  const [calls = '300', seeds = '1', policy = 'eccos'] = args;
  const only = args[3];
  const predictors = new Predictors({ folder: undefined, learn: true, time: 'modelled', neighbours: undefined });
  for (const attack of ATTACKS.filter(({ name }) => only === undefined || name === only)) {
    for (let seed = 1; seed <= Number(seeds); seed++) {
      const t = performance.now();
      const base = await playPoisoned({ seed, calls: Number(calls), policy, attack: honestly(attack) }, predictors);
      const bad = await playPoisoned({ seed, calls: Number(calls), policy, attack }, predictors);
      for (const name of HONEST_NAMES.slice(0, 2)) {
        const b = base.get(name)!;
        const a = bad.get(name)!;
        console.log(
          attack.name.padEnd(30),
          seed,
          name.padEnd(7),
          `q ${b.quality.toFixed(3)} -> ${a.quality.toFixed(3)}  $ ${b.costPer1000.toFixed(3)} -> ${a.costPer1000.toFixed(3)} x ${(a.costPer1000 / b.costPer1000).toFixed(3)}`,
        );
      }
      console.log(((performance.now() - t) / 1000).toFixed(1), 's');
    }
  }
  await predictors.close();
}
