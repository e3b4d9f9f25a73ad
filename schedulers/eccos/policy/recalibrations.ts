import type { CoreId } from '../../../syscalls/syscall.js';
import { ByTenant } from '../by-tenant.js';
import { voicesOf } from './consensus.js';
import type { EccosLearnt } from './eccos-learnt.js';
import { Recalibration } from './recalibration.js';

/** Ratings after which it is asked again what parties agree on. */
const REFRESH = 64;

/** A recalibration a tenant, by its own ratings. Until its first one, and as where it begins, it has what parties agree on. */
export class Recalibrations {
  readonly #own = new ByTenant<Recalibration>();
  #agreed = new Recalibration();
  #ratings = 0;

  /** Of the tenants used last. @param most tenants */
  learnt(most: number): EccosLearnt['recalibration'] {
    const own = [...this.#own.entries()].slice(-most);
    return { agreed: this.#agreed.learnt, own: own.map(([tenant, one]) => [tenant, one.learnt]) };
  }

  restore({ agreed, own }: EccosLearnt['recalibration']): void {
    this.#agreed = Recalibration.from(agreed);
    for (const [tenant, one] of own) this.#own.set(tenant, Recalibration.from(one));
  }

  /** Of a tenant, to be read. */
  of(tenant: string): Pick<Recalibration, 'believed'> {
    return this.#own.peek(tenant) ?? this.#agreed;
  }

  /** The largest share of the maps in what is believed, 0 to 1. */
  get weight(): number {
    return [...this.#own.entries()].reduce((most, [, { weight }]) => Math.max(most, weight), this.#agreed.weight);
  }

  learn(tenant: string, core: CoreId, logit: number, quality: number, weight: number): void {
    this.#own.of(tenant, () => this.#agreed.again()).learn(core, logit, quality, weight);
    if (++this.#ratings % REFRESH > 0) return;
    this.#agreed = Recalibration.agreed(voicesOf(this.#own, ({ answers }) => answers));
  }
}
