import { Predictors } from '../compare/predictors.js';
import { type Figure, figureOf } from '../metrics/statistics.js';
import { ATTACKS, type Attack, honestly, MEASURED } from './attacks.js';
import { type Fate, type PredictorSource, playPoisoned, type World } from './world.js';

export interface PoisoningOptions {
  /** Of each honest tenant. */
  readonly calls: number;
  readonly seeds: number;
  readonly policy: string;
  /** @default all */
  readonly attacks?: readonly Attack[];
  /** @default the predictor that ships */
  readonly predictors?: PredictorSource;
}

/** What an attack made of one honest tenant's calls. */
export interface Harm {
  readonly attack: string;
  readonly tenant: string;
  /** Means over seeds, without and with the attack. */
  readonly before: Pick<Fate, 'quality' | 'costPer1000'>;
  readonly after: Pick<Fate, 'quality' | 'costPer1000'>;
  /** Points of quality, with minus without. */
  readonly points: Figure;
  /** Cost with the attack over cost without. */
  readonly ratio: Figure;
}

/** A tenant's false ratings move nobody else's quality by more points, nor cost by a larger share. */
export const MOST_HARM = { points: 1, cost: 0.05 } as const;

/** Whether an attack did no more than it may, on the mean over seeds. */
export function isHarmless({ points, ratio }: Harm): boolean {
  return Math.abs(points.mean) <= MOST_HARM.points && Math.abs(ratio.mean - 1) <= MOST_HARM.cost;
}

/**
 * Plays each attack, and the same calls honestly rated, on the same seeds.
 *
 * @param onPlayed runs as each kernel has stopped
 */
export async function poisoning(options: PoisoningOptions, onPlayed: () => void = () => {}): Promise<readonly Harm[]> {
  const { calls, seeds, policy, attacks = ATTACKS, predictors = shipped() } = options;
  const fates = new Map<Attack, Pair[]>(attacks.map((attack) => [attack, []]));
  try {
    for (let seed = 1; seed <= seeds; seed++) {
      const honest = new Map<Attack['disguise'], ReadonlyMap<string, Fate>>();
      const play = async (attack: Attack) => {
        const world: World = { seed, calls, policy, attack };
        const played = await playPoisoned(world, predictors);
        onPlayed();
        return played;
      };
      for (const attack of attacks) {
        const { disguise } = attack;
        const before = honest.get(disguise) ?? (await play(honestly(attack)));
        honest.set(disguise, before);
        fates.get(attack)?.push({ before, after: await play(attack) });
      }
    }
  } finally {
    await predictors.close();
  }
  return [...fates].flatMap(([{ name }, pairs]) => MEASURED.map((tenant) => harmOf(name, tenant, pairs)));
}

function shipped(): PredictorSource {
  return new Predictors({ folder: undefined, learn: true, time: 'modelled', threads: 2, neighbours: undefined });
}

/** What became of the honest tenants in one world, without and with the attack. */
interface Pair {
  readonly before: ReadonlyMap<string, Fate>;
  readonly after: ReadonlyMap<string, Fate>;
}

function harmOf(attack: string, tenant: string, pairs: readonly Pair[]): Harm {
  const own = pairs.map(({ before, after }) => ({
    before: before.get(tenant) as Fate,
    after: after.get(tenant) as Fate,
  }));
  const mean = (of: (pair: { before: Fate; after: Fate }) => number) => figureOf(own.map(of)) as Figure;
  const without = mean(({ before }) => before.costPer1000).mean;
  return {
    attack,
    tenant,
    before: { quality: mean(({ before }) => before.quality).mean, costPer1000: without },
    after: {
      quality: mean(({ after }) => after.quality).mean,
      costPer1000: mean(({ after }) => after.costPer1000).mean,
    },
    points: mean(({ before, after }) => 100 * (after.quality - before.quality)),
    ratio: mean(({ before, after }) => 1 + (after.costPer1000 - before.costPer1000) / without),
  };
}
