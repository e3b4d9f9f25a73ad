import OpenAI from 'openai';
import { calculator } from './calculator.js';
import { answerToolCall } from './tool.js';

const { ECCOS_BASE_URL: baseURL = 'http://127.0.0.1:8787/v1', ECCOS_TOKEN: apiKey = 'none' } = process.env;
const client = new OpenAI({ baseURL, apiKey, defaultHeaders: { 'x-eccos-agent': 'openai-tools' } });

const [, , task = 'What is 17 * 23?'] = process.argv;
const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: task }];
const tools = [calculator.definition] as OpenAI.ChatCompletionFunctionTool[];

for (;;) {
  const { choices, model } = await client.chat.completions.create({ model: 'auto', messages, tools });
  const message = choices[0]?.message;
  if (message === undefined) throw new Error('Expected a choice, got none');
  messages.push(message);
  const calls = message.tool_calls?.filter((call) => call.type === 'function') ?? [];
  for (const call of calls) {
    messages.push((await answerToolCall([calculator], call)) as OpenAI.ChatCompletionToolMessageParam);
    console.log(`${model} calls ${call.function.name} ${call.function.arguments}`);
  }
  if (calls.length > 0) continue;
  console.log(`${model} answers ${message.content?.trim()}`);
  break;
}
