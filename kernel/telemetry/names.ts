/**
 * Every name that telemetry gives out. Those of `gen_ai`, `server`, `http` and `error` follow the OpenTelemetry conventions for
 * generative AI (https://github.com/open-telemetry/semantic-conventions-genai), status Development, as of this version; the
 * constants of OpenTelemetry's own package are deprecated. `eccos` names are our own.
 */
export const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.45.0';

/** What the kernel does, and what an agent's life is. */
export const CHAT = 'chat';
export const INVOKE_AGENT = 'invoke_agent';

/** Attributes of spans. */
export const ATTRIBUTE = {
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  maxTokens: 'gen_ai.request.max_tokens',
  temperature: 'gen_ai.request.temperature',
  topP: 'gen_ai.request.top_p',
  frequencyPenalty: 'gen_ai.request.frequency_penalty',
  presencePenalty: 'gen_ai.request.presence_penalty',
  seed: 'gen_ai.request.seed',
  stream: 'gen_ai.request.stream',
  outputType: 'gen_ai.output.type',
  responseId: 'gen_ai.response.id',
  responseModel: 'gen_ai.response.model',
  finishReasons: 'gen_ai.response.finish_reasons',
  timeToFirstChunk: 'gen_ai.response.time_to_first_chunk',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  cachedInputTokens: 'gen_ai.usage.cache_read.input_tokens',
  reasoningTokens: 'gen_ai.usage.reasoning.output_tokens',
  agentName: 'gen_ai.agent.name',
  agentId: 'gen_ai.agent.id',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  inputMessages: 'gen_ai.input.messages',
  outputMessages: 'gen_ai.output.messages',
  errorType: 'error.type',
  httpStatus: 'http.response.status_code',
  core: 'eccos.core',
  reason: 'eccos.reason',
  policy: 'eccos.policy',
  tenant: 'eccos.tenant',
  task: 'eccos.task',
  priority: 'eccos.priority',
  waitMs: 'eccos.wait_ms',
  attempts: 'eccos.attempts',
  preemptions: 'eccos.preemptions',
  costUsd: 'eccos.cost_usd',
  predictedQuality: 'eccos.predicted.quality',
  predictedCostUsd: 'eccos.predicted.cost_usd',
} as const;

/** Labels of metrics: an attribute's name with `_` for its dots, as the OpenTelemetry exporter writes it. */
export const LABEL = {
  operation: 'gen_ai_operation_name',
  provider: 'gen_ai_provider_name',
  requestModel: 'gen_ai_request_model',
  responseModel: 'gen_ai_response_model',
  tokenType: 'gen_ai_token_type',
  errorType: 'error_type',
} as const;

/** Metrics of the conventions, in Prometheus' form: `_` for dots, the unit at the end. */
export const METRIC = {
  operationDuration: 'gen_ai_client_operation_duration_seconds',
  timeToFirstChunk: 'gen_ai_client_operation_time_to_first_chunk_seconds',
  tokenUsage: 'gen_ai_client_token_usage',
  requestDuration: 'gen_ai_server_request_duration_seconds',
  timeToFirstToken: 'gen_ai_server_time_to_first_token_seconds',
  timePerOutputToken: 'gen_ai_server_time_per_output_token_seconds',
} as const;

/** Metrics of the journal. */
export const JOURNAL = {
  written: 'eccos_journal_facts_total',
  refused: 'eccos_journal_refused_total',
  commits: 'eccos_journal_commits_total',
  commitTime: 'eccos_journal_commit_seconds_total',
  commitP99: 'eccos_journal_commit_p99_seconds',
  waiting: 'eccos_journal_waiting',
  bytes: 'eccos_journal_bytes',
} as const;

/** Upper bounds of buckets, as the conventions advise. */
export const BUCKETS = {
  seconds: [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
  tokens: [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864],
  secondsPerToken: [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5],
  ticks: [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5],
} as const;
