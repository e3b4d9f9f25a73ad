import { APICallError, generateObject, generateText, stepCountIs, streamText, ToolLoopAgent, tool } from 'ai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createEccos, type EccosProvider } from '../../../../agents/sdk/ai-sdk/provider.js';
import { connect } from '../../../../agents/sdk/client.js';
import { type BootedKernel, bootKernel } from '../../../../kernel/boot.js';
import { evaluate } from '../../../../syscalls/arithmetic.js';
import { bootEmbedded } from '../../../support/embedded.js';
import { kernelConfig, slowConfig } from '../client-real-kernel.js';

const SUM = 'What is 17 * 23?';

const calculator = tool({
  description: 'Works out an expression',
  inputSchema: z.object({ expression: z.string() }),
  execute: async ({ expression }) => evaluate(expression),
});

describe('on the embedded default', () => {
  let kernel: BootedKernel;
  let eccos: EccosProvider;
  const rated: number[] = [];
  beforeAll(async () => {
    const { url, ...booted } = await bootEmbedded();
    kernel = booted.kernel;
    kernel.events.on('feedback', ({ quality }) => rated.push(quality));
    eccos = createEccos({ url, agent: 'tester' });
  });
  afterAll(async () => {
    await eccos.close();
    await kernel.stop();
  });

  test('generateText answers, with usage, and says which core and why', async () => {
    const { text, finishReason, usage, providerMetadata, response } = await generateText({
      model: eccos('auto'),
      system: 'Be brief.',
      prompt: SUM,
    });
    expect(text).toMatch(/^(17 \* 23 = )?391/);
    expect(finishReason).toBe('stop');
    expect(usage.totalTokens).toBe((usage.inputTokens ?? 0) + (usage.outputTokens ?? 0));
    const facts = providerMetadata?.['eccos'];
    expect(facts).toMatchObject({ core: response.modelId, syscallId: response.id, reason: expect.any(String) });
    await eccos.feedback(String(facts?.['syscallId']), 1);
    expect(rated).toEqual([1]);
  });

  test('a model is a core, or one of several', async () => {
    const on = async (model: string) => {
      const { response } = await generateText({ model: eccos(model), prompt: SUM });
      return response.modelId;
    };
    expect(await on('large')).toBe('large');
    expect(await on('medium+large')).toMatch(/^(medium|large)$/);
  });

  test('streamText gives the text as it comes', async () => {
    const { textStream, text, usage, finishReason } = streamText({ model: eccos('tiny'), prompt: 'Tell me a tale.' });
    const pieces: string[] = [];
    for await (const piece of textStream) pieces.push(piece);
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.join('')).toBe(await text);
    expect(await text).toMatch(/^I am a simulated model/);
    expect(await finishReason).toBe('stop');
    expect((await usage).outputTokens).toBeGreaterThan(0);
  });

  test('tools are called, streamed or not, and their results used', async () => {
    const ask = { model: eccos('auto'), tools: { calculator }, prompt: SUM, stopWhen: stepCountIs(4) };
    const { text, steps } = await generateText(ask);
    expect(steps.map(({ toolCalls }) => toolCalls.map(({ input }) => input))).toEqual([
      [{ expression: '17 * 23' }],
      [],
    ]);
    expect(text).toMatch(/391/);
    const streamed = streamText(ask);
    expect(await streamed.text).toMatch(/391/);
    expect((await streamed.steps)[0]?.toolResults).toMatchObject([{ output: 391 }]);
  });

  test('an agent of the AI SDK works', async () => {
    const agent = new ToolLoopAgent({ model: eccos('auto'), tools: { calculator } });
    expect((await agent.generate({ prompt: SUM })).text).toMatch(/391/);
  });

  test('generateObject gets an object that fits its schema', async () => {
    const schema = z.object({ answer: z.number().int(), steps: z.array(z.string()) });
    const { object } = await generateObject({ model: eccos('auto'), schema, prompt: SUM });
    expect(object.answer).toBe(391);
  });
});

describe('a call that fails', () => {
  let kernel: BootedKernel;
  let eccos: EccosProvider;
  beforeAll(async () => {
    kernel = await bootKernel(slowConfig());
    eccos = createEccos({ url: (await kernel.listen()).url });
  });
  afterAll(async () => {
    await eccos.close();
    await kernel.stop();
  });

  test('is an error of the AI SDK that says whether to try again', async () => {
    const model = eccos('nobody');
    for (const call of [
      generateText({ model, prompt: 'x' }),
      model.doStream({ prompt: [{ role: 'user', content: [{ type: 'text', text: 'x' }] }] }),
    ]) {
      const error = await Promise.resolve(call).catch((thrown: unknown) => thrown);
      expect(APICallError.isInstance(error)).toBe(true);
      expect(error).toMatchObject({ statusCode: 400, isRetryable: false, data: { code: 'no-eligible-core' } });
    }
  });

  test('by an abort ends the syscall, before the first text and after it', async () => {
    const before = kernel.stats().syscalls.cancelled;
    const early = new AbortController();
    const never = generateText({ model: eccos('auto'), prompt: 'x', abortSignal: early.signal });
    setTimeout(() => early.abort(), 50);
    await expect(never).rejects.toMatchObject({ name: 'AbortError' });
    const late = new AbortController();
    const { fullStream } = streamText({ model: eccos('auto'), prompt: 'x', abortSignal: late.signal });
    const types = new Set<string>();
    for await (const { type } of fullStream) {
      types.add(type);
      if (type === 'text-delta') late.abort();
    }
    expect([...types]).toContain('abort');
    await expect.poll(() => kernel.stats().syscalls.cancelled).toBe(before + 2);
  });

  test('where there is no kernel may be tried again', async () => {
    const nobody = createEccos({ url: 'ws://127.0.0.1:9' });
    const error = await generateText({ model: nobody('auto'), prompt: 'x', maxRetries: 0 }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ isRetryable: true, data: { code: 'disconnected' } });
  });
});

test('a connection that nobody uses is closed, and made again', async () => {
  const kernel = await bootKernel(kernelConfig());
  const { url } = await kernel.listen();
  const eccos = createEccos({ url, idleMs: 20 });
  const open = () => kernel.stats().agents;
  await Promise.all([1, 2, 3].map((n) => generateText({ model: eccos('auto'), prompt: `x ${n}` })));
  await expect.poll(open).toBe(0);
  await generateText({ model: eccos('auto'), prompt: 'y' });
  await eccos.close();
  await expect.poll(open).toBe(0);
  await kernel.stop();
});

test('a process that was killed is followed by another', async () => {
  const kernel = await bootKernel(kernelConfig());
  const { url } = await kernel.listen();
  const eccos = createEccos({ url, agent: 'victim', idleMs: 60_000 });
  const ask = () => generateText({ model: eccos('auto'), prompt: 'x', maxRetries: 0 });
  await ask();
  const operator = await connect({ url, name: 'operator' });
  const { processes } = await operator.ps();
  await operator.kill(processes.find(({ name }) => name === 'victim')?.pid ?? 0);
  await expect
    .poll(() =>
      ask().then(
        () => true,
        () => false,
      ),
    )
    .toBe(true);
  await Promise.all([operator.close(), eccos.close()]);
  await kernel.stop();
});
