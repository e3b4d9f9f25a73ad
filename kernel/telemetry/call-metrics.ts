import type { Metric } from 'prom-client';
import type { CoreId } from '../../syscalls/syscall.js';
import type { CallView } from '../call-view.js';
import type { KernelEventMap, KernelEvents } from '../events.js';
import { Count, Distribution, Family } from './family.js';
import { type Model, modelNamed } from './models.js';
import { BUCKETS, CHAT, LABEL, METRIC } from './names.js';

const { operation, provider, requestModel, responseModel, tokenType, errorType } = LABEL;
const CLIENT = [operation, provider, requestModel, responseModel];

/** Tenants with a series of their own; later ones share one. */
const MOST_TENANTS = 100;
const OTHER = 'other';

const seconds = () => new Distribution(BUCKETS.seconds);
const ticks = () => new Distribution(BUCKETS.ticks);
const count = () => new Count();

/** What a call that is answered adds to, of one core: looked up once. */
interface CoreCells {
  /** Labels of requests. */
  readonly client: readonly string[];
  readonly answered: Distribution;
  readonly firstChunk: Distribution;
  readonly input: Distribution;
  readonly output: Distribution;
  readonly done: Count;
  readonly request: Distribution;
  readonly firstToken: Distribution;
  readonly perToken: Distribution;
}

/** What the events of calls add up to. Labels come from the config and from short lists, so that the number of series is bounded. */
export class CallMetrics {
  readonly #models: ReadonlyMap<CoreId, Model>;
  readonly #policy: string;
  readonly #tenants = new Set<string>();
  readonly #cells = new Map<CoreId, CoreCells>();
  readonly #duration = new Family(
    METRIC.operationDuration,
    'Time of a request to a provider, from its start to its end.',
    [...CLIENT, errorType],
    seconds,
  );
  readonly #firstChunk = new Family(
    METRIC.timeToFirstChunk,
    'Time from the start of a request to a provider to the first piece of its answer.',
    CLIENT,
    seconds,
  );
  readonly #tokens = new Family(
    METRIC.tokenUsage,
    'Tokens of a request to a provider, as they are billed.',
    [...CLIENT, tokenType],
    () => new Distribution(BUCKETS.tokens),
  );
  readonly #request = new Family(
    METRIC.requestDuration,
    'Time of a call from its acceptance to its end, waiting included.',
    [responseModel, errorType],
    seconds,
  );
  readonly #firstToken = new Family(
    METRIC.timeToFirstToken,
    'Time from the acceptance of a call that was answered to its first token.',
    [responseModel],
    seconds,
  );
  readonly #perToken = new Family(
    METRIC.timePerOutputToken,
    'Time from the first token of an answer to its end, for each token but the first.',
    [responseModel],
    () => new Distribution(BUCKETS.secondsPerToken),
  );
  readonly #calls = new Family('eccos_calls_total', 'Calls that have ended.', ['status', 'core', 'policy'], count);
  readonly #rejected = new Family('eccos_rejected_total', 'Calls that were not accepted.', ['code'], count);
  readonly #wait = new Family(
    'eccos_wait_seconds',
    'Time for which a call was pending before it started on a core.',
    ['core', 'priority'],
    seconds,
  );
  readonly #cost = new Family('eccos_cost_usd_total', 'Cost of requests in US dollars.', ['core', 'tenant'], count);
  readonly #retries = new Family(
    'eccos_retries_total',
    'Attempts that failed and were followed by another.',
    ['core', 'code'],
    count,
  );
  readonly #preemptions = new Family(
    'eccos_preemptions_total',
    'Calls taken off a core in the middle of an answer.',
    ['core'],
    count,
  );
  readonly #ticks = new Family('eccos_tick_seconds', 'Time of one decision of the policy.', [], ticks);
  readonly #prepares = new Family(
    'eccos_prepare_seconds',
    'Time until the policy had prepared a batch of new calls.',
    [],
    ticks,
  );

  /** @param models by core */
  constructor(models: ReadonlyMap<CoreId, Model>, policy: string) {
    this.#models = models;
    this.#policy = policy;
  }

  get metrics(): readonly Metric[] {
    return [
      this.#duration,
      this.#firstChunk,
      this.#tokens,
      this.#request,
      this.#firstToken,
      this.#perToken,
      this.#calls,
      this.#rejected,
      this.#wait,
      this.#cost,
      this.#retries,
      this.#preemptions,
      this.#ticks,
      this.#prepares,
    ].map((family) => family.metric);
  }

  listen(events: KernelEvents): void {
    const tick = this.#ticks.of();
    const prepare = this.#prepares.of();
    events.on('refused', ({ code }) => this.#rejected.of(code).add(1));
    events.on('started', ({ call, core, waitMs }) => this.#wait.of(core, priorityOf(call)).observe(waitMs / 1000));
    events.on('firstToken', ({ core, ms }) => this.#of(core).firstChunk.observe(ms / 1000));
    events.on('closed', (event) => this.#closed(event));
    events.on('retried', ({ core, code }) => this.#retries.of(core, code).add(1));
    events.on('preempted', ({ core }) => this.#preemptions.of(core).add(1));
    events.on('final', (event) => this.#final(event));
    events.on('tick', ({ decisionMs }) => tick.observe(decisionMs / 1000));
    events.on('prepared', ({ ms }) => prepare.observe(ms / 1000));
  }

  #closed({ call, core, ms, spent, error }: Parameters<KernelEventMap['closed']>[0]): void {
    const cells = this.#of(core);
    const duration = error === undefined ? cells.answered : this.#duration.of(...cells.client, error);
    duration.observe(ms / 1000);
    const { inputTokens, outputTokens, costUsd } = spent;
    if (inputTokens > 0) cells.input.observe(inputTokens);
    if (outputTokens > 0) cells.output.observe(outputTokens);
    this.#cost.of(core, this.#tenantOf(call)).add(costUsd);
  }

  #final({ state }: Parameters<KernelEventMap['final']>[0]): void {
    const { accepted, firstToken, ended = accepted } = state.times;
    const turnaroundS = (ended - accepted) / 1000;
    if (state.status !== 'done') {
      const { code, details } = state.error;
      const core = details.core ?? '';
      this.#calls.of(state.status, core, this.#policy).add(1);
      this.#request.of(core === '' ? '' : this.#modelOf(core).name, code).observe(turnaroundS);
      return;
    }
    const cells = this.#of(state.reply.core);
    cells.done.add(1);
    cells.request.observe(turnaroundS);
    if (firstToken === undefined) return;
    cells.firstToken.observe((firstToken - accepted) / 1000);
    const { outputTokens } = state.reply.usage;
    if (outputTokens > 1) cells.perToken.observe((ended - firstToken) / 1000 / (outputTokens - 1));
  }

  #of(core: CoreId): CoreCells {
    let cells = this.#cells.get(core);
    if (cells === undefined) {
      cells = this.#makeCells(core);
      this.#cells.set(core, cells);
    }
    return cells;
  }

  #makeCells(core: CoreId): CoreCells {
    const { provider, name } = this.#modelOf(core);
    const client = [CHAT, provider, name, name];
    return {
      client,
      answered: this.#duration.of(...client, ''),
      firstChunk: this.#firstChunk.of(...client),
      input: this.#tokens.of(...client, 'input'),
      output: this.#tokens.of(...client, 'output'),
      done: this.#calls.of('done', core, this.#policy),
      request: this.#request.of(name, ''),
      firstToken: this.#firstToken.of(name),
      perToken: this.#perToken.of(name),
    };
  }

  #modelOf(core: CoreId): Model {
    return this.#models.get(core) ?? modelNamed(core);
  }

  #tenantOf({ facts }: CallView): string {
    const { tenant } = facts.caller;
    if (this.#tenants.has(tenant)) return tenant;
    if (this.#tenants.size >= MOST_TENANTS) return OTHER;
    this.#tenants.add(tenant);
    return tenant;
  }
}

/** Three classes of the ten priorities. */
function priorityOf({ facts: { priority } }: CallView): string {
  return priority === 0 ? '0' : priority < 5 ? '1-4' : '5-9';
}
