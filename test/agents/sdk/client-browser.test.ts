import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import { connect } from '../../../agents/sdk/client.js';
import { openSocket } from '../../../agents/sdk/socket-web.js';
import { type BootedKernel, bootKernel } from '../../../kernel/boot.js';
import { ask, errorOf } from '../../support/kernel.js';
import { kernelConfig } from './client-real-kernel.js';

const ROOT = resolve(import.meta.dirname, '../../..');
const DIST = './dist/';

const { imports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly imports: Readonly<Record<'#socket', Readonly<Record<'browser' | 'default', string>>>>;
};

/** Which file `#socket` is under a condition, as the package says: by source path. */
function socketOf(condition: 'browser' | 'default'): Map<string, string> {
  return new Map([['#socket', imports['#socket'][condition].replace(DIST, '').replace(/\.js$/, '.ts')]]);
}

/** Every file and package that a file loads at run time. */
function graphOf(entry: string, replaced: ReadonlyMap<string, string>): Set<string> {
  const seen = new Set<string>();
  const visit = (given: string) => {
    const path = replaced.get(given) ?? given;
    if (seen.has(path)) return;
    seen.add(path);
    if (!path.endsWith('.ts')) return;
    const file = join(ROOT, path);
    const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true },
    });
    for (const { fileName } of ts.preProcessFile(outputText).importedFiles) {
      const inTree = fileName.startsWith('.');
      visit(inTree ? relative(ROOT, resolve(dirname(file), fileName)).replace(/\.js$/, '.ts') : fileName);
    }
  };
  visit(entry);
  return seen;
}

describe('a bundle for browsers', () => {
  test('holds user space, the ABI and zod: no Node, no ws', () => {
    const graph = graphOf('agents/sdk/client.ts', socketOf('browser'));
    const packages = [...graph].filter((path) => !path.endsWith('.ts'));
    expect(packages).toEqual(['zod']);
    expect([...graph]).toContain('agents/sdk/socket-web.ts');
    expect([...graph].filter((path) => /^(kernel|schedulers|agents\/(shell|lab))\//.test(path))).toEqual([]);
  });

  test('is not what Node gets', () => {
    expect([...graphOf('agents/sdk/client.ts', socketOf('default'))]).toContain('ws');
  });
});

describe('the socket of browsers', () => {
  const TOKEN = 'geheim-ÿ?>/token';
  let kernel: BootedKernel;
  let url: string;
  beforeEach(async () => {
    vi.stubGlobal('WebSocket', WebSocket);
    const sha256 = createHash('sha256').update(TOKEN).digest('hex');
    kernel = await bootKernel(kernelConfig({ auth: { tokens: [{ name: 'page', sha256 }] } }));
    url = (await kernel.listen()).url;
  });
  afterEach(async () => {
    vi.unstubAllGlobals();
    await kernel.stop();
  });

  test('carries token, call, stream and close', async () => {
    const client = await connect({ url, name: 'page', token: TOKEN, openSocket });
    const stream = client.stream(ask());
    let text = '';
    for await (const delta of stream) text += delta.text;
    expect((await stream.reply).text).toBe(text);
    await client.close();
    expect(kernel.stats().agents).toBe(0);
  });

  test('is refused without the token, and the error does not show it', async () => {
    const error = await errorOf(connect({ url, name: 'page', token: 'wrong', openSocket }));
    expect(error).toMatchObject({ code: 'disconnected' });
    expect(JSON.stringify(error) + error['message']).not.toContain('wrong');
  });

  test('reports that there is no kernel', async () => {
    const client = connect({ url: 'ws://127.0.0.1:9', name: 'page', openSocket });
    expect(await errorOf(client)).toMatchObject({ code: 'disconnected' });
  });
});
