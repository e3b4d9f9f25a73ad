import { afterAll, beforeAll, expect, test } from 'vitest';
import { VerifierAgent } from '../../../agents/examples/verifier-agent.js';
import { writeQuery } from '../../../agents/lab/load/queries.js';
import { Random } from '../../../agents/lab/load/random.js';
import { knownOutcomes } from '../../../agents/lab/records/known-outcomes.js';
import { connect } from '../../../agents/sdk/client.js';
import { type BootedKernel, defaultConfig } from '../../../kernel/boot.js';
import { bootEmbedded } from '../../support/embedded.js';

let kernel: BootedKernel;
let url: string;
const rated = new Map<string, number>();
beforeAll(async () => {
  ({ kernel, url } = await bootEmbedded());
  kernel.events.on('feedback', ({ call, quality }) => rated.set(call.id, quality));
});
afterAll(() => kernel.stop());

test('a verifier rates as its judge finds, and has wrong answers tried again elsewhere', async () => {
  const { cores, seed } = defaultConfig();
  const known = await knownOutcomes(cores, { seed });
  const client = await connect({ url, name: 'verifier' });
  const agent = new VerifierAgent(client, {
    chat: { cores: ['tiny', 'small', 'medium'] },
    judge: { cores: ['large'] },
  });
  const random = new Random(8);
  const found = { yes: 0, no: 0, unsure: 0 };
  let agreed = 0;
  for (let i = 0; i < 8; i++) {
    const query = writeQuery(random, 15);
    const answer = await agent.run(query);
    const { verdicts } = agent;
    expect(verdicts.at(-1)?.reply.text).toBe(answer);
    expect(new Set(verdicts.map(({ reply }) => reply.core)).size).toBe(verdicts.length);
    // All but the last were found wrong.
    expect(verdicts.slice(0, -1).every(({ verdict }) => verdict === 'no')).toBe(true);
    for (const { reply, verdict } of verdicts) {
      found[verdict]++;
      expect(rated.get(reply.syscallId)).toBe(verdict === 'yes' ? 1 : 0);
      const truth = known(reply.core, { messages: [{ role: 'user', content: query }] }, 0)?.score;
      if (truth === (verdict === 'yes' ? 1 : 0)) agreed++;
    }
  }
  await agent.close();
  expect(found.unsure).toBe(0);
  expect(Math.min(found.yes, found.no)).toBeGreaterThan(1);
  // A judge errs too, as often as the model that it is.
  expect(agreed / (found.yes + found.no)).toBeGreaterThan(0.6);
});

test('what the judge does not know is not rated', async () => {
  const agent = new VerifierAgent(await connect({ url, name: 'verifier' }), {
    chat: { maxTokens: 30 },
    judge: { maxTokens: 30 },
  });
  await agent.run('Write a poem.');
  await agent.close();
  const [{ reply, verdict } = {}] = agent.verdicts;
  expect([verdict, agent.verdicts.length, rated.has(reply?.syscallId ?? '')]).toEqual(['unsure', 1, false]);
});
