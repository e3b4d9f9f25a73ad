import { SpanStatusCode, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bootKernel } from '../../../kernel/boot.js';
import type { Clock } from '../../../kernel/clock.js';
import { checkConfig, type KernelConfig } from '../../../kernel/config/config.js';
import { defaultConfig } from '../../../kernel/config/default-config.js';
import type { Kernel } from '../../../kernel/kernel.js';
import { ATTRIBUTE } from '../../../kernel/telemetry/names.js';
import { Spans } from '../../../kernel/telemetry/spans.js';
import { FakeOpenAI } from '../../support/fake-openai.js';
import { ask, errorOf, testKernel } from '../../support/kernel.js';
import { ScriptedCore } from '../../support/scripted-core.js';
import { storm } from '../storm/storm.js';

/** `SPANS_SYSCALLS=10000 npx vitest run FILE` for more. */
const SYSCALLS = Number(process.env['SPANS_SYSCALLS'] ?? 2000);
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

const exporter = new InMemorySpanExporter();
beforeEach(() => {
  exporter.reset();
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
});
afterEach(() => trace.disable());

const policy = {
  name: 'test',
  predictions: () => [{ core: 'a', quality: 0.9, costUsd: 0.002, chosen: true }],
};

function traced(kernel: Kernel, clock: Clock, telemetry: Partial<KernelConfig['telemetry']> = {}): void {
  const base = defaultConfig();
  const config = { ...base, telemetry: { ...base.telemetry, ...telemetry } };
  new Spans({ config, clock, events: kernel.events, policy }).start();
}

const isCall = ({ attributes }: ReadableSpan) =>
  attributes[ATTRIBUTE.provider] === 'eccos' && ATTRIBUTE.agentId in attributes;
const spans = () => {
  const all = exporter.getFinishedSpans();
  return { all, calls: all.filter(isCall), runs: all.filter((span) => !isCall(span)) };
};

test(`of ${SYSCALLS} random calls with retries, preemptions and cancels each is one ended span, with one below it for each request`, async () => {
  const requests = { count: 0 };
  await storm('round-robin:timeSliceMs=20', {
    syscalls: SYSCALLS,
    watch(kernel, clock) {
      traced(kernel, clock);
      kernel.events.on('closed', () => void requests.count++);
      return () => {
        const { calls, runs } = spans();
        const { syscalls, preemptions, retries } = kernel.stats();
        expect(calls).toHaveLength(syscalls.accepted);
        expect(runs).toHaveLength(requests.count);
        const ids = new Set(calls.map((span) => span.spanContext().spanId));
        expect(runs.filter(({ parentSpanContext }) => !ids.has(parentSpanContext?.spanId ?? ''))).toEqual([]);
        const named = (name: string) =>
          calls.flatMap(({ events }) => events).filter((event) => event.name === name).length;
        expect(named('preempted')).toBe(preemptions);
        expect(named('retried')).toBe(retries);
        expect(preemptions).toBeGreaterThan(0);
        const failed = calls.filter(({ status }) => status.code === SpanStatusCode.ERROR);
        expect(failed).toHaveLength(syscalls.accepted - syscalls.done);
      };
    },
  });
}, 600_000);

/** One call that is answered in the second attempt, under a span of its caller. */
async function answered(telemetry: Partial<KernelConfig['telemetry']> = {}) {
  const core = new ScriptedCore('a');
  const { kernel, clock, spawn, pass } = testKernel([core]);
  traced(kernel, clock, telemetry);
  const { session, pid } = await spawn({ name: 'ann' });
  const traceparent = `00-${TRACE}-${PARENT}-01`;
  const call = session.call(
    'llm.chat',
    ask('CANARY-prompt', {
      trace: { traceparent },
      task: 'sums',
      maxTokens: 9,
      stop: 'CANARY-stop',
      metadata: { key: 'CANARY-label' },
    }),
  );
  await pass(1);
  core.last.fail(new Error('CANARY-fault'));
  await pass(200);
  await pass(200);
  core.last.say('CANARY-answer', 2);
  await pass(30);
  core.last.finish({ usage: { inputTokens: 7, outputTokens: 2, cachedInputTokens: 3 } });
  await call;
  await pass(1);
  return { pid, session };
}

describe('a call', () => {
  test('is a span of the conventions, below that of its caller, with its requests below it', async () => {
    const { pid } = await answered();
    const { calls, runs } = spans();
    const [span] = calls;
    expect(span?.name).toBe('chat auto');
    expect(span?.spanContext().traceId).toBe(TRACE);
    expect(span?.parentSpanContext?.spanId).toBe(PARENT);
    expect(span?.attributes).toMatchObject({
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'eccos',
      'gen_ai.request.model': 'auto',
      'gen_ai.request.max_tokens': 9,
      'gen_ai.response.model': 'a',
      'gen_ai.response.finish_reasons': ['stop'],
      'gen_ai.usage.output_tokens': 2,
      'gen_ai.usage.cache_read.input_tokens': 3,
      'gen_ai.agent.name': 'ann',
      'gen_ai.agent.id': String(pid),
      'eccos.core': 'a',
      'eccos.policy': 'test',
      'eccos.tenant': 'local',
      'eccos.task': 'sums',
      'eccos.attempts': 2,
      'eccos.predicted.quality': 0.9,
      'eccos.cost_usd': 0.001,
    });
    expect(span?.events.map(({ name }) => name)).toEqual(['scheduled', 'retried', 'scheduled']);
    expect(runs.map(({ status }) => status.code)).toEqual([SpanStatusCode.ERROR, SpanStatusCode.UNSET]);
    expect(runs[1]?.attributes).toMatchObject({ 'gen_ai.request.model': 'a', 'eccos.core': 'a' });
    expect(runs[1]?.attributes['gen_ai.response.time_to_first_chunk']).toBeCloseTo(0.275, 2);
    expect(new Set(runs.map((run) => run.parentSpanContext?.spanId))).toEqual(new Set([span?.spanContext().spanId]));
  });

  test('says nothing of what was said, not even where it failed', async () => {
    const { session } = await answered();
    await errorOf(session.call('llm.chat', ask('CANARY-late', { cores: ['none'] })));
    const text = JSON.stringify(
      spans().all.map(({ name, attributes, events, status }) => [name, attributes, events, status]),
    );
    expect(text).toContain('gen_ai');
    expect(text).not.toContain('CANARY');
  });

  test.each([
    '',
    `00-${TRACE}-${PARENT}`,
    `00-${'0'.repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `01-${TRACE}-${PARENT}-01`,
  ])('of the trace "%s" is refused', async (traceparent) => {
    const { spawn } = testKernel([new ScriptedCore('a')]);
    const { session } = await spawn();
    const error = await errorOf(session.call('llm.chat', ask('x', { trace: { traceparent } })));
    expect(error).toMatchObject({
      code: 'invalid-params',
      message: expect.stringMatching(/^params.trace.traceparent: Expected a traceparent/),
    });
  });
});

test('with `content` a span holds what was asked and answered, and nothing of its settings or faults', async () => {
  await answered({ content: true });
  const [span] = spans().calls;
  const content = (name: string) => JSON.parse(String(span?.attributes[name]));
  expect(content('gen_ai.input.messages')).toEqual([
    { role: 'user', parts: [{ type: 'text', content: 'CANARY-prompt' }] },
  ]);
  expect(content('gen_ai.output.messages')).toEqual([
    { role: 'assistant', parts: [{ type: 'text', content: 'CANARY-answer' }], finish_reason: 'stop' },
  ]);
  const text = JSON.stringify(spans().all.map(({ attributes, events, status }) => [attributes, events, status]));
  expect(text).not.toMatch(/CANARY-(stop|label|fault)/);
});

test('with `agents` each agent is a span below that of its parent, and so are its calls, but for those of another trace', async () => {
  const core = new ScriptedCore('a');
  const { kernel, clock, spawn, pass } = testKernel([core]);
  traced(kernel, clock, { agents: true });
  const parent = await spawn({ name: 'ann' });
  const child = await spawn({ name: 'bob', parent: parent.pid });
  for (const more of [{}, { trace: { traceparent: `00-${TRACE}-${PARENT}-01` } }]) {
    const call = child.session.call('llm.chat', ask('x', more));
    await pass(1);
    core.last.finish();
    await call;
  }
  child.session.close('closed');
  await parent.session.call('agent.kill', { pid: parent.pid });
  const { all } = spans();
  const named = (name: string) => all.filter((span) => span.name === name);
  const [ann, bob] = [named('invoke_agent ann')[0], named('invoke_agent bob')[0]];
  expect(ann?.parentSpanContext).toBeUndefined();
  expect(bob?.parentSpanContext?.spanId).toBe(ann?.spanContext().spanId);
  expect(named('chat auto').map((span) => span.parentSpanContext?.spanId)).toEqual([bob?.spanContext().spanId, PARENT]);
  expect(all).toHaveLength(2 + 2 * 2);
});

test.each([
  [true, true],
  [true, false],
  [false, true],
])('with `propagate` (%j) providers are given the span of the request, or what the caller gave (traced: %j)', async (propagate, isTraced) => {
  if (!isTraced) trace.disable();
  const provider = await FakeOpenAI.start();
  const price = { inputPerMTok: 1, outputPerMTok: 1 };
  const core = { kind: 'provider', id: 'a', model: 'm', price, baseUrl: provider.baseUrl, apiKeyEnv: 'KEY' };
  const config = checkConfig({ cores: [core], telemetry: { propagate }, log: { level: 'silent' } }, 'test');
  const kernel = await bootKernel(config, { env: { KEY: 'key' } });
  const traceparent = `00-${TRACE}-${PARENT}-01`;
  await kernel.connect({ name: 'ann' }).call('llm.chat', ask('x', { trace: { traceparent } }));
  await kernel.stop();
  await provider.stop();
  const run = spans().runs[0]?.spanContext();
  const expected = isTraced ? `00-${run?.traceId}-${run?.spanId}-01` : traceparent;
  expect(provider.requests.map(({ headers }) => headers['traceparent'])).toEqual([propagate ? expected : undefined]);
});

test('without an SDK nothing is kept of a call, and it is answered all the same', async () => {
  trace.disable();
  await answered();
  expect(spans().all).toEqual([]);
});
