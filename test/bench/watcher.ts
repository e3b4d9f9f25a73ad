import { trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  InMemorySpanExporter,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import type { CallView } from '../../kernel/call-view.js';
import { realClock } from '../../kernel/clock.js';
import { defaultConfig } from '../../kernel/config/default-config.js';
import { KernelEvents } from '../../kernel/events.js';
import { CallMetrics } from '../../kernel/telemetry/call-metrics.js';
import { modelsOf } from '../../kernel/telemetry/models.js';
import { Spans } from '../../kernel/telemetry/spans.js';
import { CoreFigures } from '../../kernel/watch/core-figures.js';
import { Costs } from '../../kernel/watch/costs.js';
import { Decisions } from '../../kernel/watch/decisions.js';
import type { ChatReply } from '../../syscalls/llm-chat.js';
import { quantiles } from './measure.js';

const CALLS = 100_000;
const ROUNDS = 7;
const CORES = ['tiny', 'small', 'medium'];

type Attach = (events: KernelEvents) => void;

const metrics: Attach = (events) => new CallMetrics(modelsOf(defaultConfig()), 'fifo').listen(events);
const shown: Attach = (events) => {
  for (const part of [new Decisions(), new Costs(realClock), new CoreFigures(realClock)]) part.listen(events);
};
const spans: Attach = (events) => {
  const policy = { name: 'fifo', predictions: () => [] };
  new Spans({ config: defaultConfig(), clock: realClock, events, policy }).start();
};
const all: Attach = (events) => {
  for (const attach of [metrics, shown, spans]) attach(events);
};

const VARIANTS: Readonly<Record<string, Attach>> = {
  'nobody listens': () => {},
  metrics,
  'what kernel.watch shows': shown,
  'spans, no SDK': spans,
  'all three': all,
  'all three, SDK, 1 of 100 sampled': (events) => {
    const spanProcessors = [new BatchSpanProcessor(new InMemorySpanExporter())];
    const sampler = new TraceIdRatioBasedSampler(0.01);
    trace.setGlobalTracerProvider(new BasicTracerProvider({ sampler, spanProcessors }));
    all(events);
  },
};

/** CPU time that each watcher adds to a call that is answered: all events of one, taken to it. */
export async function run(): Promise<void> {
  const figures = Object.keys(VARIANTS).map((name) => ({ name, us: [] as number[] }));
  // Turn by turn, so that what else the machine does meets all of them.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const { name, us } of figures) {
      const one = measure(VARIANTS[name] as Attach);
      if (round > 0) us.push(one);
    }
  }
  const bare = figures[0]?.us ?? [];
  for (const { name, us } of figures) {
    const more = us.map((value, round) => value - (bare[round] ?? Number.NaN));
    console.log(`${name}: ${quantiles(more, 2)} us a call`);
  }
  console.log(
    `median [min, max] of ${ROUNDS} rounds of ${CALLS} calls; CPU time, that of the same events without a listener taken off`,
  );
}

/** @returns microseconds of CPU time a call */
function measure(attach: Attach): number {
  const events = new KernelEvents((error) => console.log(error));
  attach(events);
  replay(events, CALLS / 10);
  const before = process.cpuUsage();
  replay(events, CALLS);
  const { user, system } = process.cpuUsage(before);
  trace.disable();
  return (user + system) / CALLS;
}

function replay(events: KernelEvents, calls: number): void {
  const times = { accepted: 1, scheduled: 1, started: 2, firstToken: 3, ended: 9 };
  const spent = { inputTokens: 300, outputTokens: 80, reprefillTokens: 0, costUsd: 1e-5 };
  const usage = { inputTokens: 300, outputTokens: 80, reprefillTokens: 0 };
  for (let n = 0; n < calls; n++) {
    const core = CORES[n % CORES.length] as string;
    const caller = { pid: n % 100, program: n % 10, tenant: `tenant-${n % 7}`, principal: 'local' };
    const params = { task: 'math', stream: true };
    const facts = { seq: n, caller, agent: `agent-${n % 100}`, params, inputTokens: 300, priority: 0 };
    const state = { status: 'running' as const, times, core, reason: 'first free' };
    const call: CallView = { id: `boot-${n}`, facts, state, attempts: 1, preemptions: 0, spent };
    events.emit('accepted', { call, messages: [] });
    events.emit('tick', { at: n, pending: 1, placed: 1, decisionMs: 0.1 });
    events.emit('scheduled', { call, core, reason: 'first free' });
    events.emit('started', { at: n, call, core, running: 1, reason: 'first free', waitMs: 3, resumed: false });
    events.emit('firstToken', { call, core, ms: 100 });
    const reply = { core, usage, reason: 'first free', finishReason: 'stop' } as ChatReply;
    events.emit('final', { call, state: { status: 'done', times, reply } });
    events.emit('closed', { at: n, call, core, running: 0, ms: 300, spent, error: undefined, status: undefined });
  }
}
