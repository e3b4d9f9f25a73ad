import { ToolLoopAgent, tool } from 'ai';
import { z } from 'zod';
import { createEccos } from '../sdk/ai-sdk/provider.js';
import { evaluate } from './calculator.js';

const { ECCOS_URL: url = 'ws://127.0.0.1:8787', ECCOS_TOKEN: token } = process.env;
const eccos = createEccos({ url, agent: 'ai-sdk-agent', ...(token === undefined ? {} : { token }) });

const calculator = tool({
  description: 'Works out an arithmetic expression',
  inputSchema: z.object({ expression: z.string() }),
  execute: ({ expression }) => String(evaluate(expression)),
});
const agent = new ToolLoopAgent({ model: eccos('auto', { task: 'arithmetic' }), tools: { calculator } });

const [, , task = 'What is 17 * 23?'] = process.argv;
const { text, steps } = await agent.generate({ prompt: task });
for (const { toolCalls, response } of steps) {
  for (const { toolName, input } of toolCalls)
    console.log(`${response.modelId} calls ${toolName} ${JSON.stringify(input)}`);
}
console.log(`${steps.at(-1)?.response.modelId} answers ${text.trim()}`);
