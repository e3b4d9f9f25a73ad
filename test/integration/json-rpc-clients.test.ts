import { JSONRPCClient, type JSONRPCResponse } from 'json-rpc-2.0';
import { CommonClient } from 'rpc-websockets';
import { describe, expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { type BootedKernel, bootKernel } from '../../kernel/boot.js';
import type { HelloReply } from '../../syscalls/hello.js';
import type { ChatChunk, ChatReply } from '../../syscalls/llm-chat.js';
import { SUBPROTOCOL } from '../../syscalls/protocol.js';
import { kernelConfig, slowConfig } from '../agents/sdk/client-real-kernel.js';
import { ask } from '../support/kernel.js';

/** Client libraries for JSON-RPC that know nothing of this kernel. */

async function boot(config = kernelConfig()): Promise<{ readonly kernel: BootedKernel; readonly url: string }> {
  const kernel = await bootKernel(config);
  onTestFinished(() => kernel.stop());
  return { kernel, url: (await kernel.listen()).url };
}

const HELLO = { protocol: 1, name: 'stranger' };

describe('rpc-websockets', () => {
  async function connect(url: string) {
    const open = (address: string) => new WebSocket(address, SUBPROTOCOL);
    const client = new CommonClient(open as never, url, { reconnect: false });
    onTestFinished(() => client.close());
    await new Promise((resolve) => client.once('open', resolve));
    return client;
  }

  test('says hello, streams, and cancels', async () => {
    const { url } = await boot();
    const client = await connect(url);
    expect(await client.call('agent.hello', HELLO)).toMatchObject({ policy: 'fifo', cores: [{ id: 'quick' }] });
    const chunks: ChatChunk[] = [];
    client.on('llm.chunk', (chunk: ChatChunk) => void chunks.push(chunk));
    const reply = (await client.call('llm.chat', ask('hi', { stream: true }))) as ChatReply;
    expect(chunks.map(({ text }) => text).join('')).toBe(reply.text);
    expect(chunks.map(({ seq }) => seq)).toEqual(chunks.map((_, n) => n));
    expect(await client.call('syscall.cancel', { syscallId: reply.syscallId })).toEqual({ cancelled: false });
    await expect(client.call('no.such')).rejects.toMatchObject({ code: -32601 });
  });

  test('cancels by a notification, which gets no reply', async () => {
    const { kernel, url } = await boot(slowConfig());
    const client = await connect(url);
    await client.call('agent.hello', HELLO);
    const accepted = new Promise<{ syscallId: string }>((resolve) => client.once('syscall.accepted', resolve));
    const reply = client.call('llm.chat', ask());
    await client.notify('no.such', {});
    await client.notify('syscall.cancel', { syscallId: (await accepted).syscallId });
    await expect(reply).rejects.toMatchObject({ code: -32021, data: { code: 'cancelled' } });
    expect(kernel.stats().syscalls.cancelled).toBe(1);
  });
});

describe('json-rpc-2.0', () => {
  async function connect(url: string) {
    const socket = new WebSocket(url, SUBPROTOCOL);
    onTestFinished(() => socket.close());
    let lastId = 0;
    const client = new JSONRPCClient(
      async (payload) => socket.send(JSON.stringify(payload)),
      () => `call-${++lastId}`,
    );
    const notified: { readonly method: string; readonly params: Record<string, unknown> }[] = [];
    socket.on('message', (data) => {
      const message = JSON.parse(String(data));
      if ('method' in message) notified.push(message);
      else client.receive(message);
    });
    await new Promise((resolve) => socket.once('open', resolve));
    return { client, notified };
  }
  const request = (id: number | string, method: string, params: unknown = {}) =>
    ({ jsonrpc: '2.0', id, method, params }) as const;

  test('says hello and chats in one batch, whose reply is a list', async () => {
    const { url } = await boot();
    const { client, notified } = await connect(url);
    const replies: JSONRPCResponse[] = await client.requestAdvanced([
      request('hello', 'agent.hello', HELLO),
      request(1, 'llm.chat', ask('hi', { stream: true })),
      request(0.5, 'no.such'),
      { jsonrpc: '2.0', method: 'kernel.stats' },
    ]);
    expect(replies.map(({ id }) => id)).toEqual(['hello', 1, 0.5]);
    expect((replies[0]?.result as HelloReply).limits.maxBatchRequests).toBe(100);
    expect(replies[2]?.error?.code).toBe(-32601);
    const streamed = notified.flatMap(({ method, params }) => (method === 'llm.chunk' ? [params['text']] : []));
    expect(streamed.join('')).toBe((replies[1]?.result as ChatReply).text);
    expect(notified[0]).toMatchObject({ method: 'syscall.accepted', params: { request: 1 } });
  });

  test('cancels its calls in a batch, while the batch with the calls is still open', async () => {
    const { url } = await boot(slowConfig());
    const { client, notified } = await connect(url);
    await client.request('agent.hello', HELLO);
    const calls = client.requestAdvanced([request('a', 'llm.chat', ask()), request('b', 'llm.chat', ask())]);
    while (notified.length < 2) await new Promise(setImmediate);
    const ids = notified.map(({ params }) => params['syscallId']);
    const ended = await client.requestAdvanced(
      ids.map((syscallId, n) => request(`cancel-${n}`, 'syscall.cancel', { syscallId })),
    );
    expect(ended.map(({ result }) => result)).toEqual([{ cancelled: true }, { cancelled: true }]);
    expect((await calls).map(({ id, error }) => [id, error?.code])).toEqual([
      ['a', -32021],
      ['b', -32021],
    ]);
  });

  test('sends notifications that nothing comes back for', async () => {
    const { kernel, url } = await boot();
    const { client, notified } = await connect(url);
    client.notify('agent.hello', HELLO);
    client.notify('agent.hello', HELLO);
    client.notify('llm.chat', 5);
    expect(await client.request('kernel.ps', {})).toMatchObject({ processes: [{ name: 'stranger' }] });
    expect(kernel.stats().syscalls.accepted).toBe(0);
    expect(notified).toEqual([]);
  });
});
