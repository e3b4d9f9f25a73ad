import { describe, expect, onTestFinished, test } from 'vitest';
import { realClock } from '../../../../kernel/clock.js';
import type { Outcome, RpcCall } from '../../../../kernel/doors/ws/session.js';
import { SyscallError } from '../../../../syscalls/errors.js';
import { ask, kernelOn, openOn } from '../../../support/kernel.js';
import { ScriptedCore } from '../../../support/scripted-core.js';
import { connect, pause, rpc, type ServeOptions, serve, until } from './harness.js';

async function start(options: ServeOptions = {}) {
  const served = await serve(options);
  onTestFinished(() => served.server.close());
  return served;
}

type Numbers = readonly number[] & { readonly minuend?: number; readonly subtrahend?: number };

/** The server of the specification's examples. */
function example({ method, params }: RpcCall): Outcome {
  const numbers = params as Numbers;
  switch (method) {
    case 'subtract':
      return { result: (numbers[0] ?? numbers.minuend ?? 0) - (numbers[1] ?? numbers.subtrahend ?? 0) };
    case 'sum':
      return { result: numbers.reduce((sum, number) => sum + number, 0) };
    case 'get_data':
      return { result: ['hello', 5] };
    case 'update':
    case 'notify_hello':
    case 'notify_sum':
      return { result: null };
    default:
      return { error: new SyscallError('method-not-found', 'Method not found').toRpc() };
  }
}

const ok = (id: unknown, result: unknown) => ({ jsonrpc: '2.0', id, result });
const failed = (id: unknown, code: number) => ({ jsonrpc: '2.0', id, error: expect.objectContaining({ code }) });
const NOTHING = undefined;

/** What comes back for a text, with the reply to a request after it as the witness that there is nothing else. */
async function replyTo(text: string, options: ServeOptions = {}): Promise<unknown> {
  const served = await start(options);
  const peer = await connect(served);
  served.session.answer = example;
  peer.send(text);
  peer.send(rpc('witness', 'sum', [1]));
  await until(() => peer.received.some(({ id }) => id === 'witness'));
  await pause(5);
  const others = peer.received.filter(({ id }) => id !== 'witness');
  expect(others.length).toBeLessThan(2);
  return others[0];
}

describe("the specification's own examples (https://www.jsonrpc.org/specification#examples)", () => {
  test.each([
    ['positional parameters', '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}', ok(1, 19)],
    [
      'positional parameters the other way round',
      '{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}',
      ok(2, -19),
    ],
    [
      'named parameters',
      '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
      ok(3, 19),
    ],
    [
      'named parameters in another order',
      '{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}',
      ok(4, 19),
    ],
    ['a notification', '{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', NOTHING],
    ['a notification of a method that there is not', '{"jsonrpc": "2.0", "method": "foobar"}', NOTHING],
    ['a method that there is not', '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}', failed('1', -32601)],
    ['invalid JSON', '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', failed(null, -32700)],
    ['an invalid request', '{"jsonrpc": "2.0", "method": 1, "params": "bar"}', failed(null, -32600)],
    [
      'a batch of invalid JSON',
      '[ {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method" ]',
      failed(null, -32700),
    ],
    ['an empty batch', '[]', failed(null, -32600)],
    ['a batch that is invalid but not empty', '[1]', [failed(null, -32600)]],
    ['an invalid batch', '[1,2,3]', [failed(null, -32600), failed(null, -32600), failed(null, -32600)]],
    [
      'a mixed batch',
      `[
        {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
        {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
        {"foo": "boo"},
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
        {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
      ]`,
      [ok('1', 7), ok('2', 19), failed(null, -32600), failed('5', -32601), ok('9', ['hello', 5])],
    ],
    [
      'a batch of notifications only',
      `[
        {"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}
      ]`,
      NOTHING,
    ],
  ])('%s', async (_name, text, expected) => {
    expect(await replyTo(text)).toEqual(expected);
  });
});

describe('a message', () => {
  test.each([
    ['null as id', '{"jsonrpc":"2.0","id":null,"method":"sum","params":[1]}', ok(null, 1)],
    ['more members', '{"jsonrpc":"2.0","id":1,"method":"sum","params":[1],"traceparent":"00-1","x":{}}', ok(1, 1)],
    [
      'a name of a method of a thousand letters',
      `{"jsonrpc":"2.0","id":1,"method":"${'m'.repeat(1000)}"}`,
      failed(1, -32601),
    ],
    ['an extension of the protocol', '{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}', failed(1, -32601)],
    ['a reply', '{"jsonrpc":"2.0","id":1,"result":5}', failed(1, -32600)],
    ['a list in a list', '[[{"jsonrpc":"2.0","id":1,"method":"sum","params":[1]}]]', [failed(null, -32600)]],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"sum","params":[1]}', failed(null, -32600)],
    ['an id that is true', '{"jsonrpc":"2.0","id":true,"method":"sum","params":[1]}', failed(null, -32600)],
    [
      'one bad version in a batch',
      '[{"jsonrpc":"1.0","id":3,"method":"sum"},{"jsonrpc":"2.0","id":4,"method":"sum","params":[]}]',
      [failed(3, -32600), ok(4, 0)],
    ],
    [
      'one id twice in a batch',
      '[{"jsonrpc":"2.0","id":3,"method":"sum","params":[1]},{"jsonrpc":"2.0","id":3,"method":"sum","params":[2]}]',
      [ok(3, 1), ok(3, 2)],
    ],
  ])('with %s', async (_name, text, expected) => {
    expect(await replyTo(text)).toEqual(expected);
  });

  test.each([
    ['64 bits', '18446744073709551615'],
    ['one above 2^53', '9007199254740993'],
    ['one below -2^53', '-9007199254740993'],
    ['no double at all', '1e400'],
    ['too small a part', '1.00000000000000000001'],
    ['half a part too much', '4503599627370497.5'],
    ['a difference to 0 that is lost', '1e-400'],
    ['digits without end', `0.${'3'.repeat(500)}`],
    ['a megabyte of zeros', `1${'0'.repeat(500_000)}.${'0'.repeat(500_000)}1`],
  ])('whose id is a number that cannot be kept is refused, in a batch too: %s', async (_name, id) => {
    const request = `{"jsonrpc":"2.0","id":${id},"method":"sum","params":[1]}`;
    const refusal = failed(null, -32600);
    expect(await replyTo(request)).toEqual(refusal);
    if (id.length < 1000) {
      const other = '{"jsonrpc":"2.0","id":1,"method":"sum","params":[9007199254740993,[{"id":9007199254740993}]]}';
      expect(await replyTo(`[${other},${request},7,${request}]`)).toMatchObject([{ id: 1 }, refusal, refusal, refusal]);
    }
  });

  test.each([
    '0',
    '-0',
    '1.0',
    '0.1',
    '-2.50',
    '1e3',
    '1E+2',
    '9007199254740991',
    '9007199254740992',
    '-9007199254740992',
    '1e21',
    '5e-324',
    '1.7976931348623157e308',
  ])('whose id is %s carries the same number in its reply, in a batch too', async (id) => {
    const request = `{"jsonrpc":"2.0","id":${id},"method":"sum","params":[1]}`;
    // As a reader sees it: -0 and 0 are one number.
    expect(await replyTo(request)).toEqual(ok(Number(id) + 0, 1));
    expect(await replyTo(`[${request}]`)).toEqual([ok(Number(id) + 0, 1)]);
  });

  test.each([
    [
      'the last of two ids counts',
      '{"jsonrpc":"2.0","id":9007199254740993,"method":"sum","params":[1],"id":2}',
      ok(2, 1),
    ],
    [
      'the last of two ids counts, also where it is the bad one',
      '{"jsonrpc":"2.0","id":2,"method":"sum","params":[1],"id":9007199254740993}',
      failed(null, -32600),
    ],
    [
      'the name of the id in escapes',
      '{"jsonrpc":"2.0","\\u0069\\u0064":9007199254740993,"method":"sum","params":[1]}',
      failed(null, -32600),
    ],
    [
      'blanks around the id',
      '{"jsonrpc":"2.0", "id" :\n 9007199254740993 ,"method":"sum","params":[1]}',
      failed(null, -32600),
    ],
    [
      'an id within a text',
      '{"jsonrpc":"2.0","id":"\\"id\\":9007199254740993","method":"sum","params":[1]}',
      ok('"id":9007199254740993', 1),
    ],
    [
      'ids within the parameters',
      '{"jsonrpc":"2.0","params":{"id":9007199254740993,"reduce":0},"id":5,"method":"update"}',
      ok(5, null),
    ],
    [
      'a value that is called id',
      '{"jsonrpc":"2.0","id":5,"method":"sum","params":[1],"x":"id","y":9007199254740993}',
      ok(5, 1),
    ],
  ])('%s', async (_name, text, expected) => {
    expect(await replyTo(text)).toEqual(expected);
  });

  test('whose id is too long or too large says the limit', async () => {
    const long = await replyTo(`{"jsonrpc":"2.0","id":"${'x'.repeat(129)}","method":"sum"}`);
    expect(long).toMatchObject({
      id: null,
      error: {
        message:
          'message.id: Expected a string of at most 128 characters, a number or null, got a text of 129 characters',
      },
    });
    expect(await replyTo(`{"jsonrpc":"2.0","id":"${'x'.repeat(128)}","method":"sum","params":[]}`)).toEqual(
      ok('x'.repeat(128), 0),
    );
    const large = await replyTo('{"jsonrpc":"2.0","id":9007199254740993,"method":"sum"}');
    expect(large).toMatchObject({
      error: { message: 'message.id: Expected a number that a double holds exactly, got 9007199254740993' },
    });
  });
});

describe('a batch', () => {
  const batch = (count: number) => Array.from({ length: count }, (_, id) => rpc(id, 'sum', [id]));

  test('has a bound, which the error says, and none of a longer one runs', async () => {
    const served = await start({ limits: { maxBatchRequests: 3 } });
    const peer = await connect(served);
    served.session.answer = example;
    expect(await peer.ask(batch(3))).toEqual([ok(0, 0), ok(1, 1), ok(2, 2)]);
    expect(await peer.ask(batch(4))).toEqual({
      jsonrpc: '2.0',
      id: null,
      error: expect.objectContaining({
        code: -32600,
        message: 'message: Expected at most 3 requests in a batch, got 4',
      }),
    });
    expect(served.session.requests).toHaveLength(3);
  });

  test('is bounded in depth and in values as a whole', async () => {
    const limits = { maxMessageDepth: 3, maxMessageValues: 20 };
    expect(await replyTo('[{"jsonrpc":"2.0","id":1,"method":"sum","params":[1,[2]]}]', { limits })).toMatchObject({
      error: { message: 'message: Expected at most 3 levels of nesting, got more' },
    });
    expect(await replyTo(JSON.stringify(batch(6)), { limits })).toMatchObject({
      error: { message: 'message: Expected at most 20 values, got more' },
    });
  });

  test('counts towards the rate with each of its requests, notifications too', async () => {
    const clock = { ...realClock, now: () => 0 };
    const served = await start({ clock, limits: { requestsPerSecond: 5 } });
    const peer = await connect(served);
    served.session.answer = example;
    const note = { jsonrpc: '2.0', method: 'update' };
    const over = (id: unknown) => ({ jsonrpc: '2.0', id, error: { data: { code: 'rate-limited' } } });
    expect(
      await peer.ask([rpc(0, 'sum', []), note, 7, note, rpc(4, 'sum', []), rpc(5, 'sum', []), note]),
    ).toMatchObject([
      { id: 0, result: 0 },
      { id: null, error: { data: { code: 'invalid-request' } } },
      { id: 4, result: 0 },
      over(5),
    ]);
    expect(served.session.requests).toHaveLength(4);
    expect(await peer.ask(rpc(6))).toMatchObject(over(6));
  });

  test('many at once do not close the connection, and nobody else waits for them', async () => {
    const served = await start({ limits: { requestsPerSecond: 1e6 } });
    const [peer, flooder] = [await connect(served), await connect(served)];
    for (let n = 0; n < 50; n++) peer.send(batch(40));
    expect(await peer.messages(50)).toHaveLength(50);
    for (let n = 0; n < 500; n++) flooder.send(JSON.stringify(Array.from({ length: 100 }, () => 1)));
    await flooder.messages(1);
    expect(await peer.ask(rpc(1))).toHaveProperty('result');
    expect(flooder.received.length).toBeLessThan(500);
    expect(await flooder.messages(500)).toHaveLength(500);
  });

  test('of which one request fails inside the kernel still gets one reply each', async () => {
    const served = await start();
    const peer = await connect(served);
    served.session.answer = (call) => {
      if (call.method === 'throw') throw new TypeError('a bug');
      return call.method === 'bigint' ? { result: 1n } : example(call);
    };
    const note = { jsonrpc: '2.0', method: 'throw' };
    expect(await peer.ask([rpc(1, 'throw'), note, rpc(2, 'bigint'), rpc(3, 'sum', [3])])).toEqual([
      failed(1, -32603),
      failed(2, -32603),
      ok(3, 3),
    ]);
  });
});

describe('in front of a kernel', () => {
  async function world() {
    const core = new ScriptedCore('a', { cap: 8 });
    const kernel = kernelOn(realClock, [core], { limits: { chunkMs: 0 } });
    const served = await start({ open: (principal, outbox) => openOn(kernel, principal, outbox) });
    return { core, kernel, served, peer: await connect(served) };
  }
  const HELLO = rpc('hello', 'agent.hello', { protocol: 1, name: 'batch' });

  test('the hello and calls of one batch stream while its reply waits for the last of them', async () => {
    const { core, peer } = await world();
    peer.send([
      HELLO,
      rpc(1, 'llm.chat', ask('one', { stream: true })),
      rpc(2, 'llm.chat', ask('two', { stream: true })),
    ]);
    await until(() => core.requests.length === 2);
    core.requests[0]?.say('first').finish();
    core.requests[1]?.say('second');
    await until(() => peer.received.length >= 4);
    expect(peer.received.filter(({ method }) => method === 'syscall.accepted')).toMatchObject([
      { params: { request: 1 } },
      { params: { request: 2 } },
    ]);
    const chunks = peer.received.filter(({ method }) => method === 'llm.chunk');
    expect(chunks).toMatchObject([{ params: { text: 'first' } }, { params: { text: 'second' } }]);
    expect(peer.received).toHaveLength(4);
    core.requests[1]?.finish();
    expect((await peer.messages(5)).at(-1)).toMatchObject([
      { id: 'hello', result: { pid: expect.any(Number), limits: { maxBatchRequests: 100 } } },
      { id: 1, result: { text: 'first' } },
      { id: 2, result: { text: 'second' } },
    ]);
  });

  test('notifications are carried out, and nothing comes back: hello, chat, cancel, unknown, bad parameters', async () => {
    const { core, kernel, peer } = await world();
    const note = (method: string, params: unknown) => ({ jsonrpc: '2.0', method, params });
    peer.send(note('kernel.stats', {}));
    peer.send(note('agent.hello', { protocol: 1, name: 'silent' }));
    peer.send(note('no.such', {}));
    peer.send(note('kernel.ps', { explain: 5 }));
    peer.send(note('kernel.ps', 'text'));
    peer.send([note('llm.chat', ask('hi', { stream: true })), note('agent.hello', {})]);
    await until(() => core.requests.length === 1);
    core.last.say('for nobody').finish();
    await until(() => kernel.stats().syscalls.done === 1);
    expect(await peer.ask(rpc(1, 'kernel.ps'))).toMatchObject({ id: 1, result: { processes: [{ name: 'silent' }] } });
    expect(peer.received).toHaveLength(1);
    peer.send(rpc(2, 'llm.chat', ask()));
    const [, accepted] = await peer.messages(2);
    peer.send(note('syscall.cancel', { syscallId: (accepted as { params: { syscallId: string } }).params.syscallId }));
    expect((await peer.messages(3)).at(-1)).toMatchObject({ id: 2, error: { data: { code: 'cancelled' } } });
    expect(peer.received).toHaveLength(3);
  });

  test('a connection that goes in the middle of a batch ends the calls of it', async () => {
    const { core, kernel, peer } = await world();
    peer.send([HELLO, rpc(1, 'llm.chat', ask()), rpc(2, 'llm.chat', ask())]);
    await until(() => core.requests.length === 2);
    core.requests[0]?.finish();
    peer.socket.terminate();
    await until(() => kernel.stats().syscalls.cancelled === 1);
    expect(kernel.stats()).toMatchObject({ agents: 0, syscalls: { running: 0, pending: 0, done: 1 } });
  });

  test('null as id goes through the whole of a call', async () => {
    const { core, peer } = await world();
    await peer.ask(HELLO);
    peer.send('{"jsonrpc":"2.0","id":null,"method":"llm.chat","params":{"messages":[{"role":"user","content":"x"}]}}');
    await until(() => core.requests.length === 1);
    core.last.say('y').finish();
    const [, accepted, reply] = await peer.messages(3);
    expect(accepted).toMatchObject({ method: 'syscall.accepted', params: { request: null } });
    expect(reply).toMatchObject({ id: null, result: { text: 'y' } });
  });
});
