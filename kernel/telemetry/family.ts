import type { Metric } from 'prom-client';

type Labels = Readonly<Record<string, string>>;

/** One number of a family, or one distribution. */
interface Cell {
  /** Its lines: what comes behind the family's name, more labels, and the number. */
  lines(): readonly { readonly suffix: string; readonly labels?: Labels; readonly value: number }[];
}

/** What only grows. */
export class Count implements Cell {
  #value = 0;

  add(more: number): void {
    this.#value += more;
  }

  lines() {
    return [{ suffix: '', value: this.#value }];
  }
}

/** A distribution over buckets. */
export class Distribution implements Cell {
  readonly #bounds: readonly number[];
  /** Values of each bucket alone; the last one is beyond all bounds. */
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    this.#counts[bucket]!++;
    this.#sum += value;
  }

  lines() {
    let total = 0;
    const buckets = Array.from(this.#counts, (count, n) => {
      total += count;
      return { suffix: '_bucket', labels: { le: String(this.#bounds[n] ?? '+Inf') }, value: total };
    });
    return [...buckets, { suffix: '_sum', value: this.#sum }, { suffix: '_count', value: total }];
  }
}

/**
 * A metric with labels that a registry of prom-client prints. The client's own counters and histograms hash all labels again
 * for every value, ten of which a call has; a cell is looked up by a short key and then added to.
 */
export class Family<C extends Cell> {
  readonly #name: string;
  readonly #help: string;
  readonly #make: () => C;
  readonly #labels: readonly string[];
  readonly #cells = new Map<string, { readonly values: readonly string[]; readonly cell: C }>();

  constructor(name: string, help: string, labels: readonly string[], make: () => C) {
    this.#name = name;
    this.#help = help;
    this.#labels = labels;
    this.#make = make;
  }

  /** @param values of the labels, in their order; an empty one counts as none */
  of(...values: readonly string[]): C {
    const key = values.length === 1 ? values[0]! : values.join('\n');
    const known = this.#cells.get(key);
    if (known !== undefined) return known.cell;
    const cell = this.#make();
    this.#cells.set(key, { values, cell });
    return cell;
  }

  /** As a registry takes it. */
  get metric(): Metric {
    const type = this.#make() instanceof Count ? 'counter' : 'histogram';
    const get = async () => ({ name: this.#name, help: this.#help, type, values: this.#values(), aggregator: 'sum' });
    return { name: this.#name, get } as unknown as Metric;
  }

  #values() {
    return [...this.#cells.values()].flatMap(({ values, cell }) => {
      const own = Object.fromEntries(this.#labels.map((label, n) => [label, values[n] ?? '']));
      return cell.lines().map(({ suffix, labels = {}, value }) => {
        return { metricName: this.#name + suffix, labels: { ...own, ...labels }, value };
      });
    });
  }
}
