import type { CostRow } from '../../syscalls/watch.js';
import type { Clock } from '../clock.js';
import type { KernelEvents } from '../events.js';

const DAY_MS = 86_400_000;
/** Names of one kind that have a sum of their own; later ones share one. */
const MOST_NAMES = 100;
const OTHER = 'other';

type By = 'agent' | 'tenant' | 'core';

interface Sum {
  requests: number;
  usd: number;
  /** The day of `todayUsd`, in days since the epoch. */
  day: number;
  todayUsd: number;
}

/** What the requests of one token have cost, by kind and name. */
type Book = Record<By, Map<string, Sum>>;

/** What all requests have cost, by who caused them and which core answered. */
export class Costs {
  readonly #clock: Clock;
  /** By name of the token. */
  readonly #books = new Map<string, Book>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  listen(events: KernelEvents): void {
    events.on('closed', ({ at, call, core, spent }) => {
      const { agent, caller } = call.facts;
      const book = this.#bookOf(caller.principal);
      const day = Math.floor(at / DAY_MS);
      add(book.agent, agent, spent.costUsd, day);
      add(book.tenant, caller.tenant, spent.costUsd, day);
      add(book.core, core, spent.costUsd, day);
    });
  }

  /** @param principal undefined: of all tokens together */
  rows(principal: string | undefined): CostRow[] {
    const books = [...this.#books].filter(([name]) => principal === undefined || name === principal);
    const day = this.#today();
    const kinds = ['agent', 'tenant', 'core'] as const;
    const rows = kinds.flatMap((by) =>
      rowsOf(
        by,
        sumUp(
          books.map(([, book]) => book[by]),
          day,
        ),
        day,
      ),
    );
    const tokens = books.map(([name, { core }]) => [name, total(core, day)] as const);
    return [...rows, ...rowsOf('token', new Map(tokens), day)];
  }

  #bookOf(principal: string): Book {
    let book = this.#books.get(principal);
    if (book === undefined) {
      book = { agent: new Map(), tenant: new Map(), core: new Map() };
      this.#books.set(principal, book);
    }
    return book;
  }

  #today(): number {
    return Math.floor(this.#clock.now() / DAY_MS);
  }
}

function add(sums: Map<string, Sum>, name: string, usd: number, day: number): void {
  const key = sums.has(name) || sums.size < MOST_NAMES ? name : OTHER;
  const sum = sums.get(key);
  if (sum === undefined) {
    sums.set(key, { requests: 1, usd, day, todayUsd: usd });
    return;
  }
  sum.requests++;
  sum.usd += usd;
  sum.todayUsd = sum.day === day ? sum.todayUsd + usd : usd;
  sum.day = day;
}

function sumUp(books: readonly ReadonlyMap<string, Sum>[], day: number): ReadonlyMap<string, Sum> {
  const [first, ...more] = books;
  if (first === undefined || more.length === 0) return first ?? new Map();
  const sums = new Map<string, Sum>();
  for (const [name, sum] of books.flatMap((book) => [...book])) {
    const key = sums.has(name) || sums.size < MOST_NAMES ? name : OTHER;
    sums.set(key, both(sums.get(key), sum, day));
  }
  return sums;
}

function total(sums: ReadonlyMap<string, Sum>, day: number): Sum {
  let all: Sum = { requests: 0, usd: 0, day, todayUsd: 0 };
  for (const sum of sums.values()) all = both(all, sum, day);
  return all;
}

function both(a: Sum | undefined, b: Sum, day: number): Sum {
  const { requests, usd } = a ?? { requests: 0, usd: 0 };
  return { requests: requests + b.requests, usd: usd + b.usd, day, todayUsd: (a?.todayUsd ?? 0) + today(b, day) };
}

function today({ day, todayUsd }: Sum, now: number): number {
  return day === now ? todayUsd : 0;
}

function rowsOf(by: CostRow['by'], sums: ReadonlyMap<string, Sum>, day: number): CostRow[] {
  return [...sums].map(([name, sum]) => {
    const { requests, usd } = sum;
    return { key: `${by} ${name}`, by, name, requests, usd, todayUsd: today(sum, day) };
  });
}
