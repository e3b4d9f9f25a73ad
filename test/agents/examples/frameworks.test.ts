import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BootedKernel } from '../../../kernel/boot.js';
import { bootEmbedded } from '../../support/embedded.js';

const EXAMPLES = resolve(import.meta.dirname, '../../../dist/agents/examples');
const CORE = '(?:tiny|small|medium|large|frontier)';

let kernel: BootedKernel;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  const { url, ...booted } = await bootEmbedded();
  kernel = booted.kernel;
  const { ECCOS_TOKEN: _, ...clean } = process.env;
  env = { ...clean, ECCOS_URL: url, ECCOS_BASE_URL: `${url.replace(/^ws/, 'http')}/v1` };
});
afterAll(() => kernel.stop());

test.each([
  ['openai-tools', `${CORE} calls calculator {"expression":"17 \\* 23"}\n${CORE} answers (17 \\* 23 = )?391\\.?`],
  ['openai-agents', 'tool_call_item\ntool_call_output_item\nmessage_output_item\n(17 \\* 23 = )?391\\.?'],
  ['langgraph-agent', 'human: What is 17 \\* 23\\?\nai:\\s?\ntool: 391\nai: (17 \\* 23 = )?391\\.?'],
  ['ai-sdk-agent', `${CORE} calls calculator {"expression":"17 \\* 23"}\n${CORE} answers (17 \\* 23 = )?391\\.?`],
])('%s works a sum out with its tool, on an unmodified SDK', async (name, output) => {
  const { stdout } = await promisify(execFile)(process.execPath, [resolve(EXAMPLES, `${name}.js`)], { env });
  expect(stdout).toMatch(new RegExp(`^${output}\n$`));
});
