import type { IncomingHttpHeaders } from 'node:http';
import { type ChatParams, TRACEPARENT } from '../../../syscalls/llm-chat.js';
import { show } from '../../../syscalls/protocol.js';
import type { Json } from '../../json.js';
import type { Choice } from './choose-cores.js';
import type { ChatRequest } from './dialect.js';
import { given } from './members.js';
import { wrong } from './request-fault.js';

/** A client gives up after its timeout: the kernel's answer has to be there before. */
const BEFORE_TIMEOUT_MS = 250;
const MOST_DEADLINE_MS = 86_400_000;
const MOST_NAME = 128;
/** The product of a User-Agent, without its version. */
const PRODUCT = /^[^\s(]+?(?=\/v?\d|[\s(]|$)/;

/** Parameters of `llm.chat` that say how urgent and how good: headers before the model's name, and that before the body. */
export function intentOf(headers: IncomingHttpHeaders, { task, priority }: ChatRequest, choice: Choice): Json {
  return given({
    priority: numberIn(headers, 'x-eccos-priority') ?? choice.priority ?? priority,
    deadlineMs: numberIn(headers, 'x-eccos-deadline-ms') ?? deadlineOf(choice) ?? timeoutOf(headers),
    minQuality: numberIn(headers, 'x-eccos-quality') ?? choice.quality,
    task: textIn(headers, 'x-eccos-task') ?? choice.task ?? task,
    retry: textIn(headers, 'x-eccos-retry'),
    cores: choice.cores,
  });
}

/** Name of the agent that asks. */
export function agentOf(headers: IncomingHttpHeaders, named: unknown): string {
  const name =
    textIn(headers, 'x-eccos-agent') ??
    (typeof named === 'string' && named !== '' ? named : undefined) ??
    textIn(headers, 'x-session-id') ??
    PRODUCT.exec(headers['user-agent'] ?? '')?.[0] ??
    'http';
  return name.slice(0, MOST_NAME).toWellFormed();
}

/** The span of the request. W3C Trace Context has one that is not valid count as none. */
export function traceOf(headers: IncomingHttpHeaders): ChatParams['trace'] {
  const traceparent = textIn(headers, 'traceparent');
  return traceparent !== undefined && TRACEPARENT.test(traceparent) ? { traceparent } : undefined;
}

export function textIn(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function numberIn(headers: IncomingHttpHeaders, name: string): number | undefined {
  const text = textIn(headers, name);
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isFinite(number)) return number;
  throw wrong(name, 'a number', show(text));
}

function deadlineOf({ deadline }: Choice): number | undefined {
  return deadline === undefined ? undefined : deadline * 1000;
}

/** The timeout that SDKs say they have, in seconds. */
function timeoutOf(headers: IncomingHttpHeaders): number | undefined {
  const seconds = Number(headers['x-stainless-timeout'] ?? headers['x-stainless-read-timeout'] ?? Number.NaN);
  if (!(seconds > 0)) return undefined;
  return Math.min(MOST_DEADLINE_MS, Math.max(1, seconds * 1000 - BEFORE_TIMEOUT_MS));
}
