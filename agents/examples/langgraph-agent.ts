import { tool } from '@langchain/core/tools';
import { createReactAgent } from '@langchain/langgraph/prebuilt';
import { ChatOpenAI } from '@langchain/openai';
import { z } from 'zod';
import { evaluate } from './calculator.js';

const { ECCOS_BASE_URL: baseURL = 'http://127.0.0.1:8787/v1', ECCOS_TOKEN: apiKey = 'none' } = process.env;
const llm = new ChatOpenAI({
  model: 'auto',
  apiKey,
  configuration: { baseURL, defaultHeaders: { 'x-eccos-agent': 'langgraph-agent' } },
});

const calculator = tool(({ expression }) => String(evaluate(expression)), {
  name: 'calculator',
  description: 'Works out an arithmetic expression',
  schema: z.object({ expression: z.string() }),
});
const agent = createReactAgent({ llm, tools: [calculator] });

const [, , task = 'What is 17 * 23?'] = process.argv;
const { messages } = await agent.invoke({ messages: [{ role: 'user', content: task }] });
for (const message of messages) console.log(`${message.getType()}: ${message.text.trim()}`);
