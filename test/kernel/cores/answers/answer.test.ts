import { describe, expect, test } from 'vitest';
import { itemOf, writeQuery } from '../../../../agents/lab/load/queries.js';
import { Random } from '../../../../agents/lab/load/random.js';
import { knownOutcomes } from '../../../../agents/lab/records/known-outcomes.js';
import { VirtualClock } from '../../../../kernel/clock.js';
import { defaultConfig } from '../../../../kernel/config/default-config.js';
import { readProblem } from '../../../../kernel/cores/answers/problem.js';
import type { CoreRequest } from '../../../../kernel/cores/core.js';
import type { ItemModel } from '../../../../kernel/cores/item-response.js';
import { type SimulatedConfig, simulatedConfig, simulatedCore } from '../../../../kernel/cores/simulated.js';
import { textTokens } from '../../../../kernel/tokens.js';
import type { ChatMessage } from '../../../../syscalls/chat-message.js';
import type { ChatParams, ChatTool } from '../../../../syscalls/llm-chat.js';
import { ask, callOf } from '../ask.js';

const CORES: readonly SimulatedConfig[] = defaultConfig().cores.map((core) => simulatedConfig.parse(core));
/** Gets every question of the tests right, or none. */
const [ABLE, UNABLE] = [60, -60].map((ability) =>
  simulatedConfig.parse({ ...CORES[0], ability, answerTokens: { median: 60, spread: 0 } }),
) as [SimulatedConfig, SimulatedConfig];

async function answerOf(
  config: SimulatedConfig,
  request: CoreRequest,
  deps: { seed?: number; items?: ItemModel } = {},
) {
  const clock = new VirtualClock();
  const core = simulatedCore(config, { clock, seed: 1, env: {}, ...deps });
  const asked = ask(core, request);
  const result = await clock.runUntil(asked.result);
  return { ...result, text: asked.text(), tokens: asked.tokens() };
}

test('an answer is right where the draw that the lab rates by says so, has the length of the draw, and each word is a token', async () => {
  const random = new Random(11);
  const known = await knownOutcomes(CORES, { seed: 4, items: itemOf });
  const scores = [0, 0];
  for (let i = 0; i < 300; i++) {
    const query = writeQuery(random, random.int(5, 90));
    const config = CORES[i % CORES.length] as SimulatedConfig;
    const request = callOf(query);
    const { text, usage } = await answerOf(config, request, { seed: 4, items: itemOf });
    const expected = known(config.id, request.params, 10);
    const solution = readProblem(query)?.solution;
    if (solution === undefined || expected === undefined) throw new Error(query);
    const { right, sentence } = solution;
    const isRight = text.startsWith(sentence(right)) || text.split(/ the\b/)[0] === right;
    expect({ query, text, score: isRight ? 1 : 0 }).toEqual({ query, text, score: expected.score });
    expect(usage.outputTokens).toBe(expected.outputTokens);
    if (textTokens(sentence(right)) < expected.outputTokens) expect(textTokens(text)).toBe(expected.outputTokens);
    scores[expected.score] = (scores[expected.score] ?? 0) + 1;
  }
  expect(Math.min(...scores)).toBeGreaterThan(50);
});

test('a core of the default config asks the text itself', async () => {
  const clock = new VirtualClock();
  const known = await knownOutcomes(CORES, { seed: 1 });
  for (const config of CORES) {
    const request = callOf('What is 17 * 23?');
    const asked = ask(simulatedCore(config, { clock, seed: 1, env: {} }), request);
    await clock.runUntil(asked.result);
    expect(known(config.id, request.params, 10)).toMatchObject({ score: 1, outputTokens: asked.tokens() });
    expect(asked.text()).toMatch(/^(17 \* 23 = )?391/);
    expect(asked.tokens()).toBeLessThan(40);
  }
});

test('any other text gets a sentence that says who speaks, and words up to the length', async () => {
  const { text, tokens } = await answerOf(ABLE, callOf('Write a poem.'));
  expect(text).toMatch(/^I am a simulated model, so I have no answer to this\. the rest of it is words/);
  expect([textTokens(text), tokens]).toEqual([60, 60]);
});

test('what does not fit into the length is said in fewer words, and then in larger tokens', async () => {
  const short = { ...ABLE, answerTokens: { median: 1, spread: 0 } };
  const query = `Find the entry in this list.\n- part 107: shelf 6, 315 in stock\nOn which shelf is part 107?`;
  const asking = (tokens: number) => callOf(`${query}\nAnswer in about ${tokens} tokens.`);
  expect(await answerOf(short, asking(200))).toMatchObject({ text: '6', tokens: 1, finishReason: 'stop' });
  const poem = await answerOf(short, callOf('Write a poem.'));
  expect(poem).toMatchObject({ text: 'Simulated.', tokens: 1 });
  const cut = await answerOf(ABLE, callOf('Write a poem.', { maxTokens: 1 }));
  expect(cut).toMatchObject({ tokens: 1, finishReason: 'length' });
  expect('Simulated.'.startsWith(cut.text) && cut.text !== 'Simulated.').toBe(true);
});

const tool = (name: string, properties: object, description = ''): ChatTool => ({
  type: 'function',
  function: { name, description, parameters: { type: 'object', properties, required: Object.keys(properties) } },
});
const CALCULATOR = tool('calculator', { expression: { type: 'string' } });
const READER = tool('read_file', { path: { type: 'string' } });
const WEATHER = tool('get_weather', { city: { type: 'string' }, days: { type: 'integer', minimum: 1 } });

describe('with tools', () => {
  const asks = (prompt: string, results: readonly string[], params: Omit<ChatParams, 'messages'>): CoreRequest => {
    const said: ChatMessage[] = results.flatMap((content, i) => [
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: `c${i}`, type: 'function', function: { name: 'x', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: `c${i}`, content },
    ]);
    return { ...callOf(prompt), params: { messages: [{ role: 'user', content: prompt }, ...said], ...params } };
  };
  const callsOf = async (request: CoreRequest, config = ABLE) => {
    const { toolCalls, finishReason, text, tokens } = await answerOf(config, request);
    expect({ finishReason, text }).toEqual({ finishReason: 'tool-calls', text: '' });
    expect(tokens).toBeGreaterThan(0);
    return toolCalls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]);
  };

  test('a question that is an expression goes to the calculator, and its result is the answer', async () => {
    const tools = [WEATHER, READER, CALCULATOR];
    expect(await callsOf(asks('What is 17 * 23?', [], { tools }))).toEqual([['calculator', { expression: '17 * 23' }]]);
    const { text, toolCalls } = await answerOf(ABLE, asks('What is 17 * 23?', ['391'], { tools }));
    expect({ text: text.trim(), toolCalls }).toEqual({ text: '391', toolCalls: [] });
    // The tool is believed, whatever it says.
    expect((await answerOf(ABLE, asks('What is 17 * 23?', ['{"result": 400}'], { tools }))).text).toMatch(/400/);
  });

  test('a wrong answer gets the result of the tool wrong', async () => {
    const { text } = await answerOf(UNABLE, asks('What is 17 * 23?', ['391'], { tools: [CALCULATOR] }));
    expect(text).not.toContain('391');
    expect(text).toMatch(/^(17 \* 23 = )?(381|389|390|392|393|401)/);
  });

  test('a word problem goes to the calculator, and one operation to the tool that does it', async () => {
    const problem =
      'Solve this word problem.\nAda has 20 shells. Ada loses a box of 3. Ada then buys 2 packs of 6. How many shells does Ada have now?\nAnswer in about 200 tokens.';
    expect(await callsOf(asks(problem, [], { tools: [CALCULATOR] }))).toEqual([
      ['calculator', { expression: '20 - 3 + 2 * 6' }],
    ]);
    const numbers = { a: { type: 'number' }, b: { type: 'number' } };
    const tools = [tool('add', numbers), tool('multiply', numbers)];
    expect(await callsOf(asks('What is 17 * 23?', [], { tools }))).toEqual([['multiply', { a: 17, b: 23 }]]);
  });

  test('a file that the prompt names is read, one after the other, and said again', async () => {
    const tools = [CALCULATOR, READER];
    const prompt = 'Compare notes/a.txt with "b.md".';
    expect(await callsOf(asks(prompt, [], { tools }))).toEqual([['read_file', { path: 'notes/a.txt' }]]);
    expect(await callsOf(asks(prompt, ['buy milk'], { tools }))).toEqual([['read_file', { path: 'b.md' }]]);
    const { text } = await answerOf(ABLE, asks(prompt, ['buy milk', 'sell milk'], { tools }));
    expect(text).toMatch(/^This is what I found: buy milk\nsell milk/);
    expect(await callsOf(asks('Which files are there?', [], { tools }))).toEqual([['read_file', { path: '.' }]]);
  });

  test('the arguments come in pieces that join to the call', async () => {
    const tools = [READER];
    const clock = new VirtualClock();
    const asked = ask(
      simulatedCore(ABLE, { clock, seed: 1, env: {} }),
      asks(`Read ${'long-'.repeat(9)}name.txt`, [], { tools }),
    );
    const { toolCalls } = await clock.runUntil(asked.result);
    const pieces = asked.chunks.flatMap(({ toolCall }) => (toolCall === undefined ? [] : [toolCall]));
    expect(pieces.length).toBeGreaterThan(1);
    const [call] = toolCalls;
    expect(new Set(pieces.map(({ id, name }) => `${id} ${name}`))).toEqual(new Set([`${call?.id} read_file`]));
    expect(pieces.map((piece) => piece.arguments).join('')).toBe(call?.function.arguments);
  });

  test('nothing is called where nothing helps, unless a call is demanded', async () => {
    const tools = [WEATHER, CALCULATOR];
    const { toolCalls, text } = await answerOf(ABLE, asks('Write a poem.', [], { tools }));
    expect({ toolCalls, text: text.slice(0, 22) }).toEqual({ toolCalls: [], text: 'I am a simulated model' });
    const none = await answerOf(ABLE, asks('What is 2 + 2?', [], { tools, toolChoice: 'none' }));
    expect(none).toMatchObject({ toolCalls: [] });
    const [[name, args] = []] = await callsOf(asks('Write a poem.', [], { tools, toolChoice: 'required' }));
    expect([name, args]).toEqual(['get_weather', { city: expect.stringMatching(/simulated/), days: 1 }]);
    const named = { type: 'function', function: { name: 'calculator' } } as const;
    const forced = await callsOf(asks('What is 2 + 2?', ['4'], { tools, toolChoice: named }));
    expect(forced).toEqual([['calculator', { expression: '2 + 2' }]]);
  });

  test('a call that does not fit into maxTokens is none', async () => {
    const request = asks('What is 2 + 2?', [], { tools: [CALCULATOR], maxTokens: 1 });
    const long = { ...ABLE, answerTokens: { median: 2000, spread: 0 } };
    expect(await answerOf(long, { ...request, maxTokens: 1 })).toMatchObject({
      toolCalls: [],
      finishReason: 'length',
      text: '',
    });
  });
});

describe('with a response format', () => {
  const format = (schema: object): ChatParams['responseFormat'] => ({
    type: 'json_schema',
    json_schema: { name: 'answer', schema: schema as Record<string, unknown> },
  });

  test('the answer is in the JSON, which is whole within the length', async () => {
    const responseFormat = format({
      type: 'object',
      properties: { why: { type: 'string' }, answer: { type: 'integer' } },
      required: ['why', 'answer'],
      additionalProperties: false,
    });
    for (const [maxTokens, finishReason] of [
      [undefined, 'stop'],
      [40, 'stop'],
      [2, 'length'],
    ] as const) {
      const limit = maxTokens === undefined ? {} : { maxTokens };
      const long = { ...ABLE, answerTokens: { median: 2000, spread: 0 } };
      const answer = await answerOf(long, callOf('What is 17 * 23?', { responseFormat, ...limit }));
      expect(answer).toMatchObject({ finishReason, tokens: maxTokens ?? 100 });
      if (finishReason === 'stop') expect(JSON.parse(answer.text)).toMatchObject({ answer: 391 });
    }
    const wrong = await answerOf(UNABLE, callOf('What is 17 * 23?', { responseFormat }));
    expect(JSON.parse(wrong.text).answer).not.toBe(391);
  });

  test('json_object has it too, and a check says true or false', async () => {
    const json = { responseFormat: { type: 'json_object' } } as const;
    const sum = await answerOf(ABLE, callOf('What is 17 * 23?', json));
    expect(JSON.parse(sum.text)).toEqual({ answer: 391 });
    const check = 'Is this answer right?\nQuestion:\nWhat is 17 * 23?\nAnswer:\n392';
    const schema = { type: 'object', properties: { why: { type: 'string' }, right: { type: 'boolean' } } };
    const verdict = await answerOf(ABLE, callOf(check, { responseFormat: format(schema) }));
    expect(JSON.parse(verdict.text)).toMatchObject({ right: false });
  });

  test('a schema that cannot be met is an answer that breaks it', async () => {
    const schema = { type: 'object', properties: { a: { type: 'integer', not: {} } }, required: ['a'] };
    const answer = answerOf(ABLE, callOf('hello', { responseFormat: format(schema) }));
    await expect(answer).rejects.toMatchObject({ code: 'invalid-output' });
  });

  test('slices of it join to the same JSON', async () => {
    const clock = new VirtualClock();
    const core = simulatedCore(ABLE, { clock, seed: 1, env: {} });
    const request = callOf('hello', { responseFormat: { type: 'json_object' } });
    let [prefix, prefixTokens] = ['', 0];
    for (let done = false; !done; ) {
      const asked = ask(core, { ...request, prefix, prefixTokens });
      const cancel = clock.after(233, () => asked.abort(new Error('slice')));
      done = await clock.runUntil(
        asked.result.then(
          () => true,
          () => false,
        ),
      );
      cancel();
      prefix += asked.text();
      prefixTokens += asked.tokens();
    }
    expect(prefix).toBe((await answerOf(ABLE, request)).text);
    expect(JSON.parse(prefix)).toEqual({ answer: expect.stringMatching(/^I am a simulated model/) });
  });
});
