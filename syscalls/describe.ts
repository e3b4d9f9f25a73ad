import { z } from 'zod';
import { ERROR_CODES } from './errors.js';
import { PROTOCOL_VERSION } from './hello.js';
import { rpcRequest } from './protocol.js';
import { type Method, NOTIFICATIONS, type NotificationMethod, SYSCALLS } from './table.js';

/** A JSON Schema (draft 7, which AsyncAPI's own schema objects extend). */
type JsonSchema = Readonly<Record<string, unknown>>;
interface Ref {
  readonly $ref: string;
}

/** One kind of message on the wire. */
interface Message {
  readonly summary: string;
  readonly payload: JsonSchema;
}

/** One syscall or notification, as the kernel sees it: it receives requests and sends notifications. */
interface Operation {
  readonly action: 'receive' | 'send';
  readonly summary: string;
  readonly channel: Ref;
  readonly messages: readonly Ref[];
  readonly reply?: { readonly channel: Ref; readonly messages: readonly Ref[] };
}

/** The protocol as an AsyncAPI 3.0 document: one channel, one operation a method. */
export interface ProtocolDescription {
  readonly asyncapi: '3.0.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly defaultContentType: 'application/json';
  readonly channels: {
    readonly kernel: {
      readonly address: '/';
      readonly description: string;
      readonly messages: Readonly<Record<string, Ref>>;
    };
  };
  readonly operations: Readonly<Record<string, Operation>>;
  /** Names are `METHOD.request`, `METHOD.reply`, the notification's method, and `error`. */
  readonly components: { readonly messages: Readonly<Record<string, Message>> };
}

const CHANNEL: Ref = { $ref: '#/channels/kernel' };
const inChannel = (message: string): Ref => ({ $ref: `#/channels/kernel/messages/${message}` });

/** The machine-readable description of every method, notification and error code, made from the tables that the kernel checks with. */
export function describeProtocol(): ProtocolDescription {
  const messages: Record<string, Message> = {
    error: { summary: 'The reply to a request that failed.', payload: jsonSchema(errorReply(), 'output') },
  };
  const operations: Record<string, Operation> = {};
  for (const method of Object.keys(SYSCALLS) as Method[]) {
    const { about, params, result } = SYSCALLS[method];
    const [request, reply] = [`${method}.request`, `${method}.reply`];
    messages[request] = {
      summary: about,
      payload: jsonSchema(rpcRequest.extend({ method: z.literal(method), params }), 'input'),
    };
    messages[reply] = {
      summary: `The reply to ${method}.`,
      payload: jsonSchema(z.strictObject({ ...envelope, id: rpcRequest.shape.id, result }), 'output'),
    };
    operations[method] = {
      action: 'receive',
      summary: about,
      channel: CHANNEL,
      messages: [inChannel(request)],
      reply: { channel: CHANNEL, messages: [inChannel(reply), inChannel('error')] },
    };
  }
  for (const method of Object.keys(NOTIFICATIONS) as NotificationMethod[]) {
    const { about, params } = NOTIFICATIONS[method];
    const notification = z.strictObject({ ...envelope, method: z.literal(method), params });
    messages[method] = { summary: about, payload: jsonSchema(notification, 'output') };
    operations[method] = { action: 'send', summary: about, channel: CHANNEL, messages: [inChannel(method)] };
  }
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'eccos kernel',
      version: String(PROTOCOL_VERSION),
      description: 'LLM system calls as JSON-RPC 2.0 over WebSocket. The first request of a connection is agent.hello.',
    },
    defaultContentType: 'application/json',
    channels: {
      kernel: {
        address: '/',
        description: 'One WebSocket connection: one process. A token, where one is needed, is in the handshake.',
        messages: Object.fromEntries(
          Object.keys(messages).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
      },
    },
    operations,
    components: { messages },
  };
}

const envelope = { jsonrpc: z.literal('2.0') };

/** Number, name and `retryable` of a code belong together: one alternative a code. */
function errorReply(): z.ZodType {
  const errors = Object.entries(ERROR_CODES).map(([code, { rpc, retryable }]) =>
    z.strictObject({
      code: z.literal(rpc),
      message: z.string(),
      data: z.strictObject({
        code: z.literal(code),
        retryable: z.literal(retryable),
        retryAfterMs: z.number().optional(),
      }),
    }),
  );
  // The id is null where the request was too broken to have one.
  return z.strictObject({ ...envelope, id: rpcRequest.shape.id.nullable(), error: z.union(errors) });
}

/** @param io requests are described as they are sent, replies as they are received: a default makes the two differ */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...payload } = z.toJSONSchema(schema, { io, target: 'draft-7', unrepresentable: 'any' });
  return payload;
}
