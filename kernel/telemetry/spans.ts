import {
  type Attributes,
  type Context,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { CorePrediction } from '../../schedulers/policy.js';
import { coresOf } from '../../syscalls/llm-chat.js';
import type { CoreId, Millis, Pid, SyscallId } from '../../syscalls/syscall.js';
import type { AgentView, CallView } from '../call-view.js';
import type { Clock } from '../clock.js';
import type { KernelConfig } from '../config/config.js';
import type { KernelEventMap, KernelEvents } from '../events.js';
import type { PolicyGuard } from '../policy-guard.js';
import type { Spent } from '../spent.js';
import { answeredContent, askedContent } from './content.js';
import { type Model, modelNamed, modelsOf } from './models.js';
import { ATTRIBUTE as A, CHAT, INVOKE_AGENT, SCHEMA_URL } from './names.js';
import { contextOf, traceparentOf } from './traceparent.js';

export interface SpansDeps {
  readonly config: Pick<KernelConfig, 'cores' | 'telemetry'>;
  readonly clock: Clock;
  readonly events: KernelEvents;
  readonly policy: Pick<PolicyGuard, 'name' | 'predictions'>;
}

/** The spans of one call that is recorded. */
interface Traced {
  readonly span: Span;
  /** Of its request to a core, while one is open. */
  run: Span | undefined;
}

type EventOf<Name extends keyof KernelEventMap> = Parameters<KernelEventMap[Name]>[0];

/**
 * Traces by OpenTelemetry's API: a span a call, and below it one a request to a core. They go to the SDK that the process has
 * registered; without one, a call costs the making of an empty span. No span holds anything that was said, unless the config
 * asks for it.
 */
export class Spans {
  readonly #deps: SpansDeps;
  readonly #models: ReadonlyMap<CoreId, Model>;
  readonly #tracer: Tracer;
  readonly #traced = new WeakMap<CallView, Traced>();
  /** Of the agents that live, where they have spans. */
  readonly #agents = new Map<Pid, Span>();

  constructor(deps: SpansDeps) {
    this.#deps = deps;
    this.#models = modelsOf(deps.config);
    this.#tracer = trace.getTracerProvider().getTracer('eccos-kernel', undefined, { schemaUrl: SCHEMA_URL });
  }

  /** Starts to trace. */
  start(): void {
    const { events, config } = this.#deps;
    if (config.telemetry.agents) {
      events.on('entered', ({ at, agent }) => this.#entered(at, agent));
      events.on('left', ({ at, agent: { pid } }) => {
        this.#agents.get(pid)?.end(at);
        this.#agents.delete(pid);
      });
    }
    events.on('accepted', (event) => this.#accepted(event));
    events.on('scheduled', ({ call, core, reason }) => {
      this.#event(call, 'scheduled', () => ({ [A.core]: core, [A.reason]: reason, ...this.#predicted(call.id, core) }));
    });
    events.on('withdrawn', ({ call }) => this.#event(call, 'withdrawn', () => ({})));
    events.on('started', (event) => this.#started(event));
    events.on('preempted', ({ call, core }) => this.#event(call, 'preempted', () => ({ [A.core]: core })));
    events.on('retried', ({ call, core, code }) => {
      this.#event(call, 'retried', () => ({ [A.core]: core, [A.errorType]: code }));
    });
    events.on('firstToken', ({ call, ms }) => this.#traced.get(call)?.run?.setAttribute(A.timeToFirstChunk, ms / 1000));
    events.on('final', (event) => this.#final(event));
    events.on('closed', (event) => this.#closed(event));
  }

  /** What a provider is to be given as the trace of the open request of a call. */
  traceparent(call: CallView): string | undefined {
    if (!this.#deps.config.telemetry.propagate) return undefined;
    const run = this.#traced.get(call)?.run;
    return run === undefined ? call.facts.params.trace?.traceparent : traceparentOf(run);
  }

  #entered(startTime: Millis, { pid, name, tenant, parent }: AgentView): void {
    const above = parent && this.#agents.get(parent.pid);
    const context = contextOf(undefined);
    const attributes = {
      [A.operation]: INVOKE_AGENT,
      [A.provider]: 'eccos',
      [A.agentName]: name,
      [A.agentId]: String(pid),
      [A.tenant]: tenant,
    };
    const span = this.#tracer.startSpan(
      `${INVOKE_AGENT} ${name}`,
      { kind: SpanKind.INTERNAL, startTime, attributes },
      above === undefined ? context : trace.setSpan(context, above),
    );
    if (span.isRecording()) this.#agents.set(pid, span);
  }

  /** Where a call belongs: in the trace that its caller names, else below its agent. */
  #contextOf({ facts: { params, caller } }: CallView): Context {
    const context = contextOf(params.trace?.traceparent);
    const agent = params.trace === undefined ? this.#agents.get(caller.pid) : undefined;
    return agent === undefined ? context : trace.setSpan(context, agent);
  }

  #accepted({ call, messages }: EventOf<'accepted'>): void {
    const { params, agent, caller, priority } = call.facts;
    const requested = coresOf(params)?.join(',') ?? 'auto';
    // What a sampler may look at; the rest is for those that are recorded.
    const attributes = { [A.operation]: CHAT, [A.provider]: 'eccos', [A.requestModel]: requested };
    const options = { kind: SpanKind.SERVER, startTime: call.state.times.accepted, attributes };
    const span = this.#tracer.startSpan(`${CHAT} ${requested}`, options, this.#contextOf(call));
    if (!span.isRecording()) return;
    span.setAttributes({
      ...settingsOf(call),
      [A.agentName]: agent,
      [A.agentId]: String(caller.pid),
      [A.tenant]: caller.tenant,
      [A.priority]: priority,
      [A.policy]: this.#deps.policy.name,
      ...(this.#deps.config.telemetry.content ? askedContent(messages) : {}),
    });
    this.#traced.set(call, { span, run: undefined });
  }

  #started({ at: startTime, call, core, resumed, waitMs, reason }: EventOf<'started'>): void {
    const traced = this.#traced.get(call);
    if (traced === undefined) return;
    const { provider, name, address, port } = this.#modelOf(core);
    const attributes = known({
      [A.operation]: CHAT,
      [A.provider]: provider,
      [A.requestModel]: name,
      [A.serverAddress]: address,
      [A.serverPort]: port,
      [A.core]: core,
      [A.reason]: reason,
      [A.waitMs]: waitMs,
    });
    if (resumed) this.#event(call, 'resumed', () => ({ [A.core]: core }));
    const context = trace.setSpan(contextOf(undefined), traced.span);
    traced.run = this.#tracer.startSpan(`${CHAT} ${name}`, { kind: SpanKind.CLIENT, startTime, attributes }, context);
  }

  #closed({ at, call, core, spent, error, status }: EventOf<'closed'>): void {
    const traced = this.#traced.get(call);
    const run = traced?.run;
    if (traced === undefined || run === undefined) return;
    traced.run = undefined;
    run.setAttributes(
      known({ ...usageOf(spent), [A.responseModel]: this.#modelOf(core).name, [A.httpStatus]: status }),
    );
    fail(run, error);
    run.end(at);
  }

  #final({ call, state }: EventOf<'final'>): void {
    const traced = this.#traced.get(call);
    if (traced === undefined) return;
    const { span } = traced;
    const { accepted, started, firstToken, ended } = state.times;
    span.setAttributes(
      known({
        ...usageOf(call.spent),
        [A.responseId]: call.id,
        [A.waitMs]: started === undefined ? undefined : started - accepted,
        [A.timeToFirstChunk]: firstToken === undefined ? undefined : (firstToken - accepted) / 1000,
        [A.attempts]: call.attempts,
        [A.preemptions]: call.preemptions,
      }),
    );
    if (state.status === 'done') {
      const { core, reason, finishReason } = state.reply;
      span.setAttributes({
        [A.core]: core,
        [A.reason]: reason,
        [A.responseModel]: this.#modelOf(core).name,
        [A.finishReasons]: [finishReason],
        ...(this.#deps.config.telemetry.content ? answeredContent(state.reply) : {}),
        ...this.#predicted(call.id, core),
      });
    } else fail(span, state.error.code);
    span.end(ended);
    // The request may still be open: its span ends when it is closed.
    if (traced.run === undefined) this.#traced.delete(call);
  }

  #event(call: CallView, name: string, attributes: () => Attributes): void {
    this.#traced.get(call)?.span.addEvent(name, attributes(), this.#deps.clock.now());
  }

  /** What the policy expected of a call on this core, where it says so. */
  #predicted(id: SyscallId, core: CoreId): Attributes {
    const expected = this.#deps.policy.predictions(id).find((one: CorePrediction) => one.core === core);
    if (expected === undefined) return {};
    return { [A.predictedQuality]: expected.quality, [A.predictedCostUsd]: expected.costUsd };
  }

  #modelOf(core: CoreId): Model {
    return this.#models.get(core) ?? modelNamed(core);
  }
}

function settingsOf({ facts: { params } }: CallView): Attributes {
  const { maxTokens, temperature, topP, frequencyPenalty, presencePenalty, seed, stream, responseFormat, task } =
    params;
  return known({
    [A.maxTokens]: maxTokens,
    [A.temperature]: temperature,
    [A.topP]: topP,
    [A.frequencyPenalty]: frequencyPenalty,
    [A.presencePenalty]: presencePenalty,
    [A.seed]: seed,
    [A.stream]: stream,
    [A.outputType]: responseFormat === undefined || responseFormat.type === 'text' ? 'text' : 'json',
    [A.task]: task,
  });
}

function usageOf({ inputTokens, outputTokens, cachedInputTokens, reasoningTokens, costUsd }: Spent): Attributes {
  return {
    [A.inputTokens]: inputTokens,
    [A.outputTokens]: outputTokens,
    [A.cachedInputTokens]: cachedInputTokens,
    [A.reasoningTokens]: reasoningTokens,
    [A.costUsd]: costUsd,
  };
}

/** What went wrong, by its code alone: a message may repeat what was said. */
function fail(span: Span, error: string | undefined): void {
  if (error === undefined) return;
  span.setAttribute(A.errorType, error);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function known(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
