import { Predictors } from '../compare/predictors.js';
import { type Figure, figureOf } from '../metrics/statistics.js';
import { ATTACKS, type Attack, CONTROLS, type Control, MEASURED } from './attacks.js';
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

/** What an attack made of one honest tenant's calls. Means are over seeds. */
export interface Harm {
  readonly attack: string;
  readonly tenant: string;
  readonly attacked: Outcome;
  readonly beside: Readonly<Record<Control, Move>>;
}

type Outcome = Pick<Fate, 'quality' | 'costPer1000'>;

/** By how much an attack differs from the same calls of the attacker, rated as the control says. */
export interface Move {
  readonly control: Outcome;
  /** Points of quality, with minus without the attack. */
  readonly points: Figure;
  /** Cost with the attack over cost without. */
  readonly ratio: Figure;
}

/** A tenant's false ratings move nobody else's quality by more points, nor cost by a larger share, than if it had rated nothing. */
export const MOST_HARM = { points: 1, cost: 0.05 } as const;

/** Whether an attack did no more than it may, on the mean over seeds. */
export function isHarmless({ points, ratio }: Move): boolean {
  return Math.abs(points.mean) <= MOST_HARM.points && Math.abs(ratio.mean - 1) <= MOST_HARM.cost;
}

/**
 * Plays each attack, and the same calls under each control, on the same seeds.
 *
 * @param onPlayed runs as each kernel has stopped
 */
export async function poisoning(options: PoisoningOptions, onPlayed: () => void = () => {}): Promise<readonly Harm[]> {
  const { calls, seeds, policy, attacks = ATTACKS, predictors = shipped() } = options;
  const trials = new Map<Attack, Trial[]>(attacks.map((attack) => [attack, []]));
  try {
    for (let seed = 1; seed <= seeds; seed++) {
      const controls = new Map<Attack['disguise'], Record<Control, Fates>>();
      const play = async (attack: Omit<Attack, 'name'>): Promise<Fates> => {
        const world: World = { seed, calls, policy, attack };
        const played = await playPoisoned(world, predictors);
        onPlayed();
        return played;
      };
      for (const attack of attacks) {
        const { disguise } = attack;
        const control = controls.get(disguise) ?? {
          unrated: await play({ disguise, rate: CONTROLS.unrated }),
          honest: await play({ disguise, rate: CONTROLS.honest }),
        };
        controls.set(disguise, control);
        trials.get(attack)?.push({ ...control, attacked: await play(attack) });
      }
    }
  } finally {
    await predictors.close();
  }
  return [...trials].flatMap(([{ name }, played]) => MEASURED.map((tenant) => harmOf(name, tenant, played)));
}

function shipped(): PredictorSource {
  return new Predictors({ folder: undefined, learn: true, time: 'modelled', threads: 2, neighbours: undefined });
}

/** Of each honest tenant by name. */
type Fates = ReadonlyMap<string, Fate>;
type Trial = Readonly<Record<Control | 'attacked', Fates>>;

function harmOf(attack: string, tenant: string, trials: readonly Trial[]): Harm {
  const fates = (name: keyof Trial) => trials.map((trial) => trial[name].get(tenant) as Fate);
  const attacked = fates('attacked');
  const moveFrom = (control: readonly Fate[]): Move => {
    const without = outcomeOf(control);
    return {
      control: without,
      points: mean(attacked.map(({ quality }, seed) => 100 * (quality - (control[seed] as Fate).quality))),
      ratio: mean(
        attacked.map(
          ({ costPer1000 }, seed) => 1 + (costPer1000 - (control[seed] as Fate).costPer1000) / without.costPer1000,
        ),
      ),
    };
  };
  return {
    attack,
    tenant,
    attacked: outcomeOf(attacked),
    beside: { unrated: moveFrom(fates('unrated')), honest: moveFrom(fates('honest')) },
  };
}

function outcomeOf(fates: readonly Fate[]): Outcome {
  return {
    quality: mean(fates.map(({ quality }) => quality)).mean,
    costPer1000: mean(fates.map(({ costPer1000 }) => costPer1000)).mean,
  };
}

function mean(values: readonly number[]): Figure {
  return figureOf(values) as Figure;
}
