import { beforeEach, describe, expect, test } from 'vitest';
import { Agent, type RunOptions } from '../../../agents/sdk/agent.js';
import type { ChatReply, Client } from '../../../agents/sdk/client.js';
import { SyscallError } from '../../../syscalls/errors.js';
import { errorOf } from '../../support/kernel.js';
import { chatReply, FakeKernel, settle } from './client-fake-kernel.js';

class Echo extends Agent {
  constructor(client: Client) {
    super(client, { maxTokens: 7, task: 'echo' });
  }

  override async run(task: string, options?: RunOptions): Promise<string> {
    return (await this.chat([{ role: 'user', content: task }], options)).text;
  }
}

let kernel: FakeKernel;
let agent: Echo;
beforeEach(async () => {
  kernel = new FakeKernel();
  agent = new Echo(await kernel.connect());
});

describe('the history', () => {
  test('goes with every call, and grows by what was said and answered', async () => {
    for (const turn of ['one', 'two']) {
      const answer = agent.run(turn);
      await settle();
      kernel.peer.reply(kernel.peer.last('llm.chat'), chatReply('s', `re: ${turn}`));
      expect(await answer).toBe(`re: ${turn}`);
    }
    const said = [
      { role: 'user', content: 'one' },
      { role: 'assistant', content: 're: one' },
      { role: 'user', content: 'two' },
      { role: 'assistant', content: 're: two' },
    ];
    expect(agent.history).toEqual(said);
    expect(kernel.peer.last('llm.chat').params).toMatchObject({
      maxTokens: 7,
      task: 'echo',
      messages: said.slice(0, 3),
    });
  });

  test('is as it was after a call that failed', async () => {
    const failed = errorOf(agent.run('one'));
    await settle();
    kernel.peer.fail(kernel.peer.last('llm.chat'), new SyscallError('busy', 'full'));
    expect(await failed).toMatchObject({ code: 'busy' });
    expect(agent.history).toEqual([]);
  });
});

test('text is handed on as it comes, and each answer once it is whole', async () => {
  const text: string[] = [];
  const replies: ChatReply[] = [];
  const options = {
    onDelta: (delta: { text: string }) => text.push(delta.text),
    onReply: (reply: ChatReply) => replies.push(reply),
  };
  const answer = agent.run('one', options);
  await settle();
  const request = kernel.peer.last('llm.chat');
  kernel.peer.accept(request, 's1');
  kernel.peer.chunk('s1', 0, 'an ');
  await settle();
  kernel.peer.reply(request, chatReply('s1', 'an answer'));
  expect(await answer).toBe('an answer');
  expect([text, replies.map(({ core }) => core)]).toEqual([['an ', 'answer'], ['tiny']]);
});

test('an abort ends the run', async () => {
  const abort = new AbortController();
  const failed = errorOf(agent.run('one', { signal: abort.signal }));
  await settle();
  abort.abort();
  expect(await failed).toMatchObject({ code: 'cancelled' });
});

test('closing ends the children and theirs first, then the agent, and twice is once', async () => {
  const child = await agent.spawn('child', (client) => new Echo(client));
  const grandchild = await child.spawn('grandchild', (client) => new Echo(client));
  expect(kernel.hellos.map(({ name, parent }) => [name, parent])).toEqual([
    ['agent', undefined],
    ['child', agent.pid],
    ['grandchild', child.pid],
  ]);
  expect([child.name, grandchild.pid]).toEqual(['child', 3]);
  await Promise.all([agent.close(), agent.close()]);
  expect(kernel.peers.map(({ isOpen }) => isOpen)).toEqual([false, false, false]);
  expect(await errorOf(child.run('late'))).toMatchObject({ code: 'cancelled' });
});

describe('a child that cannot be had is not left connected', () => {
  test('when its parent is closed meanwhile', async () => {
    const late = errorOf(agent.spawn('child', (client) => new Echo(client)));
    await agent.close();
    expect(await late).toMatchObject({ code: 'cancelled' });
    expect(kernel.peers.map(({ isOpen }) => isOpen)).toEqual([false, false]);
  });

  test('when it cannot be made', async () => {
    const failed = agent.spawn('child', () => {
      throw new RangeError('no such child');
    });
    await expect(failed).rejects.toThrow('no such child');
    expect(kernel.peers.map(({ isOpen }) => isOpen)).toEqual([true, false]);
    await agent.close();
  });
});
