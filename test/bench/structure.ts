import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { realClock } from '../../kernel/clock.js';
import type { CoreRequest, LLMCore } from '../../kernel/cores/core.js';
import { providerConfig } from '../../kernel/cores/provider/model/provider-config.js';
import { providerCore } from '../../kernel/cores/provider/provider.js';
import { stallsOf } from './measure.js';

const ROUNDS = 3;
/** Milliseconds for which one answer may hold up all others. */
const GATE = 100;
const MIB = 2 ** 20;

interface Hostile {
  readonly status?: number;
  readonly body: () => string;
  readonly params?: object;
}

const delta = (delta: object) => JSON.stringify({ choices: [{ index: 0, delta, finish_reason: null }] });
const stream = (list: readonly string[]) => `${list.map((data) => `data: ${data}\n\n`).join('')}data: [DONE]\n\n`;
const tool = (index: number, id: string, text: string) => ({
  tool_calls: [{ index, id, function: { name: 'f', arguments: text } }],
});
const json = { responseFormat: { type: 'json_object' } };

const ANSWERS: Readonly<Record<string, Hostile>> = {
  'an ordinary answer of 2,000 words': { body: () => stream(Array(2000).fill(delta({ content: ' word' }))) },
  'an error of 30 MB': { status: 500, body: () => JSON.stringify({ error: { message: 'x'.repeat(30 * MIB) } }) },
  'an error of names': { status: 400, body: () => JSON.stringify({ error: { message: 'a.'.repeat(32_000) } }) },
  'an error of one letter': { status: 400, body: () => 'a'.repeat(65_000) },
  'an error event of 0.9 MB': { body: () => stream([JSON.stringify({ error: { message: 'a-'.repeat(450_000) } })]) },
  '20,000 calls of tools': {
    body: () => stream(Array.from({ length: 20_000 }, (_, n) => delta(tool(n, `id-${n}`, '{}')))),
  },
  '20,000 calls of tools in one answer': {
    body: () =>
      JSON.stringify({
        choices: [
          {
            finish_reason: 'stop',
            message: { tool_calls: Array.from({ length: 20_000 }, (_, n) => tool(n, `i${n}`, '{}').tool_calls[0]) },
          },
        ],
      }),
  },
  'a call of a tool in 20,000 pieces': {
    body: () =>
      stream(Array.from({ length: 20_000 }, (_, n) => delta(tool(0, 'id', n === 0 ? '{"a":"' : '}'.repeat(8))))),
  },
  'an event of 5 million [': { body: () => stream(['['.repeat(5e6)]) },
  'an event of a million [': { body: () => stream(['['.repeat(1e6)]) },
  'an event of 300,000 values': { body: () => stream([`{"choices":[${'0,'.repeat(300_000)}0]}`]) },
  'one line of 30 MB': { body: () => `data: ${'x'.repeat(30 * MIB)}` },
  'a comment of 30 MB': { body: () => `: ${'x'.repeat(30 * MIB)}\n\n` },
  'a million events of nothing': { body: () => 'data: {}\n\n'.repeat(1e6) },
  '100,000 events of a letter': { body: () => stream(Array(100_000).fill(delta({ content: 'a' }))) },
  'a million returns': { body: () => `data: {}${'\r'.repeat(1e6)}` },
  'a body of blanks, 30 MB': { body: () => ' '.repeat(30 * MIB) },
  'a whole answer of 3.9 MB': {
    body: () => JSON.stringify({ choices: [{ finish_reason: 'stop', message: { content: 'word '.repeat(780_000) } }] }),
  },
  'a list of 50,000 events': {
    body: () =>
      `[${Array(50_000)
        .fill(delta({ content: 'a' }))
        .join(',')}]`,
  },
  'text of 4 million [, as JSON': {
    body: () => stream(Array(8).fill(delta({ content: '['.repeat(500_000) }))),
    params: json,
  },
  '500,000 probabilities': {
    body: () =>
      stream([
        JSON.stringify({ choices: [{ delta: { content: 'a' }, logprobs: { content: Array(90_000).fill(1) } }] }),
      ]),
  },
};

/** Longest stall of the event loop while a core reads what a hostile provider answers. `npm run bench -- structure [NAME]` */
export async function run([only = '']: readonly string[]): Promise<void> {
  const worker = new Worker(SERVER, { eval: true });
  const [port] = (await once(worker, 'message')) as [number];
  const config = providerConfig.parse({
    ...{ kind: 'provider', id: 'core', model: 'm', apiKeyEnv: 'KEY', baseUrl: `http://127.0.0.1:${port}/v1` },
    ...{ price: { inputPerMTok: 1, outputPerMTok: 10 }, breaker: { failures: 1000, halfOpenAfterMs: 1 } },
  });
  const core = await providerCore(config, { clock: realClock, seed: 1, env: { KEY: 'key-of-the-bench' } });
  for (const [name, hostile] of Object.entries(ANSWERS)) {
    if (!name.includes(only)) continue;
    const stalls: number[] = [];
    let end = '';
    const startedAt = performance.now();
    for (let round = 0; round < ROUNDS; round++) {
      worker.postMessage({ status: hostile.status ?? 200, body: hostile.body() });
      await once(worker, 'message');
      core.reopen?.();
      const stall = await stallsOf(async () => {
        end = await endOf(core, hostile.params);
      });
      stalls.push(stall);
    }
    const least = Math.min(...stalls);
    const ms = (performance.now() - startedAt) / ROUNDS;
    console.log(
      `${name.padEnd(36)} longest stall ${least.toFixed(0).padStart(5)} ms ${least <= GATE ? '' : 'MISSED '}` +
        `in ${ms.toFixed(0).padStart(5)} ms  ${end.slice(0, 90)}`,
    );
  }
  console.log(`the least of ${ROUNDS} rounds; gate <= ${GATE} ms`);
  await core.close?.();
  await worker.terminate();
}

/** How it ended, in a line. */
async function endOf(core: LLMCore, params: object = {}): Promise<string> {
  const request: CoreRequest = {
    params: { messages: [{ role: 'user', content: 'q' }], ...params },
    ...{ inputTokens: 1, prefix: '', prefixTokens: 0, maxTokens: undefined },
  };
  const signal = AbortSignal.timeout(60_000);
  try {
    const { usage } = await core.chat(request, { signal, onChunk: () => {} });
    return `answered with ${usage.outputTokens} tokens`;
  } catch (error) {
    return String((error as Error).message);
  }
}

/** A provider in a thread of its own, which answers what it was given last. */
const SERVER = `
const { parentPort } = require('node:worker_threads');
let answer;
parentPort.on('message', (next) => { answer = next; parentPort.postMessage('ready'); });
const server = require('node:http').createServer((request, response) => {
  request.resume();
  response.on('error', () => {});
  request.on('end', () => {
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(answer.body);
  });
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;
