import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import ts from 'typescript';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bootKernel } from '../../kernel/boot.js';
import { kernelConfig } from '../agents/sdk/client-real-kernel.js';
import { emptyFolder, must, ROOT } from './tools.js';

const MOST_BYTES = 150_000;
const MOST_BYTES_UNPACKED = 230_000;

let folder: string;
let tarball: string;
beforeAll(async () => {
  folder = await emptyFolder();
  const packed = await must(
    ['npm', '--silent', '--prefix', ROOT, 'exec', 'tsx', join(ROOT, 'agents/sdk/package/pack.ts')],
    {
      cwd: folder,
    },
  );
  tarball = join(folder, packed.trim().split('\n').at(-1) ?? '');
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  await must(['npm', 'install', '--prefer-offline', tarball], { cwd: folder });
}, 240_000);
afterAll(() => rmSync(folder, { recursive: true }));

test('the packed client is small, and ws is all that it depends on', async () => {
  expect(statSync(tarball).size).toBeLessThan(MOST_BYTES);
  const unpacked = await must(['tar', 'xzOf', tarball]);
  expect(Buffer.byteLength(unpacked)).toBeLessThan(MOST_BYTES_UNPACKED);
  const lock = JSON.parse(readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, unknown>>;
  };
  expect(Object.keys(lock.packages).sort()).toEqual(['node_modules/eccos-client', 'node_modules/ws']);
});

test('it talks to a kernel', async () => {
  const kernel = await bootKernel(kernelConfig());
  try {
    const { url } = await kernel.listen();
    const program = `
      import { connect, SyscallError } from 'eccos-client';
      import { Agent } from 'eccos-client/agent';
      class Echo extends Agent { async run(task) { return (await this.chat([{ role: 'user', content: task }])).text; } }
      const agent = new Echo(await connect({ url: ${JSON.stringify(url)}, name: 'packed' }));
      const text = await agent.run('Hello');
      await agent.close();
      const refused = await connect({ url: 'no address', name: 'packed' }).catch((error) => error);
      console.log(JSON.stringify({ isText: text.length > 0, isError: refused instanceof SyscallError, code: refused.code }));`;
    writeFileSync(join(folder, 'talk.js'), program);
    const output = await must([process.execPath, 'talk.js'], { cwd: folder });
    expect(JSON.parse(output)).toEqual({ isText: true, isError: true, code: 'invalid-params' });
  } finally {
    await kernel.stop();
  }
});

test('its types need no other package, and say what a call takes', () => {
  const file = join(folder, 'use.ts');
  writeFileSync(
    file,
    `import { type ChatReply, connect } from 'eccos-client';
     const client = await connect({ url: 'ws://127.0.0.1:1', name: 'typed' });
     const reply: ChatReply = await client.chat({ messages: [{ role: 'user', content: 'Hello' }], deadlineMs: 1 });
     const attempts: number = reply.attempts + reply.usage.inputTokens;
     // @ts-expect-error no such role
     await client.chat({ messages: [{ role: 'nobody', content: String(attempts) }] });`,
  );
  const options = {
    strict: true,
    skipDefaultLibCheck: true,
    noEmit: true,
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
    types: [],
  };
  const faults = ts.getPreEmitDiagnostics(ts.createProgram([file], options));
  expect(faults.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
});

test('it is a provider of the AI SDK', async () => {
  const kernel = await bootKernel(kernelConfig());
  try {
    const { url } = await kernel.listen();
    const program = `
      import { createEccos } from 'eccos-client/ai-sdk';
      const eccos = createEccos({ url: ${JSON.stringify(url)} });
      const prompt = [{ role: 'user', content: [{ type: 'text', text: 'What is 17 * 23?' }] }];
      const { content } = await eccos('auto').doGenerate({ prompt });
      console.log(JSON.stringify(content.map(({ type, text }) => [type, text.includes('391')])));`;
    writeFileSync(join(folder, 'provide.js'), program);
    // The connection that is left open does not keep the program from its end.
    expect(JSON.parse(await must([process.execPath, 'provide.js'], { cwd: folder }))).toEqual([['text', true]]);
  } finally {
    await kernel.stop();
  }
});

test('a bundle for browsers has no ws', async () => {
  writeFileSync(
    join(folder, 'page.js'),
    "import { connect } from 'eccos-client'; connect({ url: 'wss://kernel', name: 'page' });",
  );
  const build = await rolldown({ input: join(folder, 'page.js'), cwd: folder, platform: 'browser' });
  const { output } = await build.generate({ format: 'esm' });
  const [page] = output;
  expect(page.imports).toEqual([]);
  expect(page.code).toContain('new WebSocket(');
  expect(page.moduleIds.filter((path) => path.includes('/node_modules/ws/'))).toEqual([]);
});
