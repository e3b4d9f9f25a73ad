import { Agent, OpenAIProvider, Runner, setTracingDisabled, tool } from '@openai/agents';
import { z } from 'zod';
import { evaluate } from './calculator.js';

const { ECCOS_BASE_URL: baseURL = 'http://127.0.0.1:8787/v1', ECCOS_TOKEN: apiKey = 'none' } = process.env;
setTracingDisabled(true);
const runner = new Runner({ modelProvider: new OpenAIProvider({ baseURL, apiKey }) });

const calculator = tool({
  name: 'calculator',
  description: 'Works out an arithmetic expression',
  parameters: z.object({ expression: z.string() }),
  execute: ({ expression }) => String(evaluate(expression)),
});
const agent = new Agent({
  name: 'openai-agents',
  model: 'auto',
  instructions: 'Use the calculator.',
  tools: [calculator],
});

const [, , task = 'What is 17 * 23?'] = process.argv;
const { finalOutput, newItems } = await runner.run(agent, task);
for (const { type } of newItems) console.log(type);
console.log(finalOutput?.trim());
