import { z } from 'zod';
import { ERROR_CODES, FAULT_CLASSES } from './errors.js';
import { PROTOCOL_VERSION } from './hello.js';
import { BEARER_PREFIX, requestId, rpcRequest, rpcVersion, SUBPROTOCOL } from './protocol.js';
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

/** Where a kernel can be, and how a client says who it is. */
interface Server {
  readonly host: string;
  readonly protocol: 'ws' | 'wss';
  readonly description: string;
  readonly variables?: Readonly<Record<string, { readonly description: string }>>;
  /** One of them suffices. */
  readonly security: readonly Ref[];
}

/** A token in a header of the handshake. */
type SecurityScheme =
  | { readonly type: 'http'; readonly scheme: 'bearer'; readonly description: string }
  | { readonly type: 'httpApiKey'; readonly in: 'header'; readonly name: string; readonly description: string };

/** The protocol as an AsyncAPI 3.0 document: one channel; one operation a method, and one for batches. */
export interface ProtocolDescription {
  readonly asyncapi: '3.0.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly defaultContentType: 'application/json';
  readonly servers: Readonly<Record<string, Server>>;
  readonly channels: {
    readonly kernel: {
      readonly address: '/';
      readonly description: string;
      readonly messages: Readonly<Record<string, Ref>>;
      readonly bindings: { readonly ws: { readonly method: 'GET'; readonly headers: JsonSchema } };
    };
  };
  readonly operations: Readonly<Record<string, Operation>>;
  readonly components: {
    /** Names are `METHOD.request`, `METHOD.reply`, the notification's method, `batch.request`, `batch.reply` and `error`. */
    readonly messages: Readonly<Record<string, Message>>;
    readonly securitySchemes: Readonly<Record<string, SecurityScheme>>;
  };
}

const CHANNEL: Ref = { $ref: '#/channels/kernel' };
const inChannel = (message: string): Ref => ({ $ref: `#/channels/kernel/messages/${message}` });
const payloadOf = (message: string): Ref => ({ $ref: `#/components/messages/${message}/payload` });

const ABOUT = [
  'LLM system calls as JSON-RPC 2.0 (https://www.jsonrpc.org/specification) over WebSocket, a message a text frame.',
  'The first request of a connection is agent.hello.',
  'A request without an id is a notification: it is carried out, and nothing is sent for it, not even an error; an llm.chat without an id has no stream either.',
  'Requests may be sent in batches; each of them counts towards the limits of a connection.',
  'The kernel compares no ids: a client that uses the id of an open request again gets two replies with it.',
].join(' ');

const SECURITY_SCHEMES: ProtocolDescription['components']['securitySchemes'] = {
  bearer: { type: 'http', scheme: 'bearer', description: 'The token in the Authorization header of the handshake.' },
  subprotocol: {
    type: 'httpApiKey',
    in: 'header',
    name: 'Sec-WebSocket-Protocol',
    description: `For browsers, which cannot set headers: offer two subprotocols, ${SUBPROTOCOL}, and ${BEARER_PREFIX} followed by the token in base64url.`,
  },
};

const SECURITY: readonly Ref[] = Object.keys(SECURITY_SCHEMES).map((name) => ({
  $ref: `#/components/securitySchemes/${name}`,
}));

const SERVERS: ProtocolDescription['servers'] = {
  local: {
    host: '127.0.0.1:8787',
    protocol: 'ws',
    description: 'What a kernel without a config listens on. A kernel whose config has no tokens needs none.',
    security: SECURITY,
  },
  remote: {
    host: '{address}',
    protocol: 'wss',
    description: 'A kernel that others can reach: it has a certificate and tokens.',
    variables: { address: { description: 'Host and port, as `listen` of its config says' } },
    security: SECURITY,
  },
};

/** Headers of the handshake. */
const HANDSHAKE = z.object({
  Authorization: z.string().optional().describe('`Bearer TOKEN`'),
  'Sec-WebSocket-Protocol': z
    .string()
    .optional()
    .describe(`${SUBPROTOCOL}, which the kernel selects where it is offered`),
});

/** The machine-readable description of every method, notification and error code, made from the tables that the kernel checks with. */
export function describeProtocol(): ProtocolDescription {
  const messages: Record<string, Message> = {
    error: { summary: 'The reply to a request that failed.', payload: jsonSchema(errorReply(), 'output') },
  };
  const replies = ['error'];
  const requests: string[] = [];
  const operations: Record<string, Operation> = {};
  for (const method of Object.keys(SYSCALLS) as Method[]) {
    const { about, params, result } = SYSCALLS[method];
    const [request, reply] = [`${method}.request`, `${method}.reply`];
    messages[request] = {
      summary: about,
      payload: jsonSchema(rpcRequest.extend({ method: named(method), params: params.describe('By name') }), 'input'),
    };
    messages[reply] = {
      summary: `The reply to ${method}.`,
      payload: jsonSchema(
        z.strictObject({ ...envelope, id: requestId, result: result.describe('What the syscall returns') }),
        'output',
      ),
    };
    requests.push(request);
    replies.push(reply);
    operations[method] = {
      action: 'receive',
      summary: about,
      channel: CHANNEL,
      messages: [inChannel(request)],
      reply: { channel: CHANNEL, messages: [inChannel(reply), inChannel('error')] },
    };
  }
  messages['batch.request'] = {
    summary: 'Several requests in one message, at most `maxBatchRequests` of the limits.',
    payload: { type: 'array', minItems: 1, items: { anyOf: requests.map(payloadOf) } },
  };
  messages['batch.reply'] = {
    summary: 'The replies to a batch, in the order of its requests; there is none where it holds notifications only.',
    payload: { type: 'array', minItems: 1, items: { anyOf: replies.map(payloadOf) } },
  };
  operations['batch'] = {
    action: 'receive',
    summary: `Several requests at once. They start in their order; their replies come in one message when the last has ended, while syscall.accepted and llm.chunk come as ever. A batch that is empty or too long gets one error.`,
    channel: CHANNEL,
    messages: [inChannel('batch.request')],
    reply: { channel: CHANNEL, messages: [inChannel('batch.reply'), inChannel('error')] },
  };
  for (const method of Object.keys(NOTIFICATIONS) as NotificationMethod[]) {
    const { about, params } = NOTIFICATIONS[method];
    const notification = z.strictObject({ ...envelope, method: named(method), params: params.describe('By name') });
    messages[method] = { summary: about, payload: jsonSchema(notification, 'output') };
    operations[method] = { action: 'send', summary: about, channel: CHANNEL, messages: [inChannel(method)] };
  }
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'eccos kernel',
      version: String(PROTOCOL_VERSION),
      description: ABOUT,
    },
    defaultContentType: 'application/json',
    servers: SERVERS,
    channels: {
      kernel: {
        address: '/',
        description: 'One WebSocket connection: one process. A token, where one is needed, is in the handshake.',
        messages: Object.fromEntries(
          Object.keys(messages).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
        bindings: { ws: { method: 'GET', headers: jsonSchema(HANDSHAKE, 'input') } },
      },
    },
    operations,
    components: { messages, securitySchemes: SECURITY_SCHEMES },
  };
}

const envelope = { jsonrpc: rpcVersion };
const named = (method: string) => z.literal(method).describe('Name of the method');

/** Number, name and `retryable` of a code belong together: one alternative a code. */
function errorReply(): z.ZodType {
  const errors = Object.entries(ERROR_CODES).map(([code, { rpc, retryable }]) =>
    z.strictObject({
      code: z.literal(rpc).describe('Number of the error'),
      message: z.string().describe('What went wrong, for people: field, rule and value'),
      data: z
        .strictObject({
          code: z.literal(code).describe('Name of the error'),
          retryable: z.literal(retryable).describe('Whether the same request may succeed later'),
          retryAfterMs: z.number().optional().describe('Milliseconds after which a retry is worth it, where known'),
          class: z.enum(FAULT_CLASSES).optional().describe('Whose fault it is that no core answered'),
          status: z.int().optional().describe('HTTP status of the provider, or what its error in a 200 stands for'),
          core: z.string().optional().describe('The core that was asked last'),
          attempts: z.int().optional().describe('How many times a core was asked'),
        })
        .describe('The same for programs'),
    }),
  );
  // The id is null where the request was too broken to have one.
  return z.strictObject({ ...envelope, id: requestId, error: z.union(errors).describe('What went wrong') });
}

/** @param io requests are described as they are sent, replies as they are received: a default makes the two differ */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...payload } = z.toJSONSchema(schema, { io, target: 'draft-7', unrepresentable: 'any' });
  return payload;
}
