import type { IncomingHttpHeaders } from 'node:http';
import type { SyscallError } from '../../../syscalls/errors.js';
import type { ChatChunk, ChatReply } from '../../../syscalls/llm-chat.js';
import type { CoreId, Millis, SyscallId } from '../../../syscalls/syscall.js';
import type { Json } from '../../json.js';

/** What a request asks for, in the kernel's words. */
export interface ChatRequest {
  /** Parameters of `llm.chat`, as far as the body says them. Not yet checked: the gate does that. */
  readonly params: Json;
  /** A name as `chooseCores` reads it, or names of cores of which any may answer. @default auto */
  readonly model?: unknown;
  /** Name of the agent. */
  readonly agent?: unknown;
  readonly task?: unknown;
  readonly priority?: number | undefined;
  /** Members that have no effect here. */
  readonly ignored: readonly string[];
}

/** What is known of a call when its answer begins. */
export interface Turn {
  readonly id: SyscallId;
  readonly at: Millis;
  readonly core: CoreId;
  /** The kernel's count, for APIs that say it first. */
  inputTokens(): number;
}

/** An answer to be sent as JSON. */
export interface Answer {
  readonly status: number;
  readonly body: object;
}

/** How an API says that something went wrong. */
export interface ErrorForm {
  error(error: SyscallError, requestId: string): Answer;
}

/** The events of one stream, as text to be sent. The first call is `start`, unless the stream fails before it. */
export interface Events {
  start(turn: Turn): string;
  chunk(chunk: Pick<ChatChunk, 'text' | 'toolCalls'>): string;
  /** The answer is whole. */
  end(reply: ChatReply): string;
  /** The stream ends here and is not whole: nothing in it may look like the end of an answer. */
  failure(error: SyscallError, requestId: string): string;
}

/** One API that agents speak: a translation without state, clock or socket. */
export interface Dialect extends ErrorForm {
  /** @throws RequestFault for what cannot be put in the kernel's words */
  read(body: Json, headers: IncomingHttpHeaders): ChatRequest;
  reply(reply: ChatReply, body: Json): Answer;
  events(body: Json): Events;
  /** Keeps a silent stream open. */
  readonly beat: string;
}
