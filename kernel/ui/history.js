/** Seconds that are kept, and least seconds between two points. */
const KEPT = 600;
const STEP = 1;

/** What the charts show: points since the page was opened, ten minutes of them. */
export class History {
  #points = [];

  /** @param view as `Link` has it */
  add({ at, queues, kernel }) {
    if (at === undefined || queues === undefined) return;
    const seconds = at / 1000;
    const last = this.#points.at(-1);
    if (last !== undefined && seconds - last.at < STEP) return;
    const { priceOfQuality, secondPrices = {} } = kernel?.stats.outlook ?? {};
    const { waiting, scheduled, suspended, running } = queues;
    this.#points.push({ at: seconds, pending: waiting + scheduled, suspended, running, priceOfQuality, secondPrices });
    while (this.#points[0].at < seconds - KEPT) this.#points.shift();
  }

  /** Columns for a chart: seconds, then what each function reads of a point. */
  columns(...reads) {
    const columns = [(point) => point.at, ...reads];
    return columns.map((read) => this.#points.map((point) => read(point) ?? null));
  }
}
