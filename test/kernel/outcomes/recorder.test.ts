import {
  appendFileSync,
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { KernelEvents } from '../../../kernel/events.js';
import { readOutcomes } from '../../../kernel/outcomes/file.js';
import type { OutcomeRecord } from '../../../kernel/outcomes/record.js';
import { Recorder } from '../../../kernel/outcomes/recorder.js';
import type { FinishedCall } from '../../../schedulers/policy.js';

let folder: string;
let file: string;
let logged: { readonly level: number; readonly msg: string }[];
const log = pino({}, { write: (line) => logged.push(JSON.parse(line)) });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'eccos-recorder-'));
  file = join(folder, 'traffic.jsonl');
  logged = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Paths of what this process has open. Linux only. */
function openFiles(): string[] {
  const folder = '/proc/self/fd';
  return readdirSync(folder).flatMap((fd) => {
    try {
      return [readlinkSync(join(folder, fd))];
    } catch {
      return [];
    }
  });
}

function finished(more: Partial<FinishedCall> = {}, prompt = 'How many legs has an ant?'): FinishedCall {
  return {
    id: 's1',
    tenant: 'acme',
    core: 'tiny',
    inputTokens: 12,
    outputTokens: 34,
    costUsd: 0.000_123,
    params: { messages: [{ role: 'user', content: prompt }] },
    ...more,
  };
}

/** Records the ratings and gives back what the reader of the format makes of the file. */
async function record(
  rated: readonly (readonly [call: FinishedCall, quality: number])[],
  prompts: boolean,
): Promise<OutcomeRecord[]> {
  const events = new KernelEvents();
  const recorder = await Recorder.start(events, file, { log, prompts });
  for (const [call, quality] of rated) events.emit('feedback', { call, quality, by: 'agent' });
  await recorder.stop();
  for (const [call, quality] of rated) events.emit('feedback', { call, quality, by: 'agent' });
  const records: OutcomeRecord[] = [];
  for await (const read of readOutcomes(file)) records.push(read.record);
  return records;
}

test('what the reader of outcome files gets is what was rated', async () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 });
  const call = fc.record({
    tenant: text,
    core: fc.stringMatching(/^[\w./:@-]{1,20}$/),
    inputTokens: fc.nat(),
    outputTokens: fc.nat(),
    costUsd: fc.double({ min: 0, max: 1e4, noNaN: true }),
  });
  const quality = fc.double({ min: 0, max: 1, noNaN: true });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(call, text, quality), { maxLength: 8 }), async (given) => {
      rmSync(file, { force: true });
      const rated = given.map(
        ([more, prompt, score], n) => [finished({ ...more, id: `s${n}` }, prompt), score] as const,
      );
      const expected = given.map(([{ tenant, core, inputTokens, outputTokens, costUsd }, prompt, score], n) => ({
        id: `s${n}`,
        dataset: tenant,
        prompt,
        input_tokens: inputTokens,
        // JSON has no negative zero.
        outputs: [{ model: core, score: score + 0, output_tokens: outputTokens, cost_usd: costUsd + 0 }],
      }));
      expect(await record(rated, true)).toEqual(expected);
    }),
    { numRuns: 50 },
  );
});

test('without --record-prompts a prompt is only its hash, equal for equal prompts', async () => {
  const calls = ['secret plan', 'secret plan', 'other'].map((prompt, n) => finished({ id: `s${n}` }, prompt));
  const records = await record(
    calls.map((call) => [call, 1] as const),
    false,
  );
  const [first, second, third] = records.map(({ prompt }) => prompt);
  // printf 'secret plan' | sha256sum
  expect(first).toBe('sha256:c894e0fb797a615a884a512483766f2a0a98c0dde0b27ef48a6dbd01e8780c05');
  expect(second).toBe(first);
  expect(third).not.toBe(first);
  expect(readFileSync(file, 'utf8')).not.toContain('secret');
});

test('the task names the data set, and the tenant where there is no task', async () => {
  const { params } = finished();
  const records = await record(
    [
      [finished({ id: 'a', params: { ...params, task: 'math/easy' } }), 1],
      [finished({ id: 'b' }), 0],
    ],
    true,
  );
  expect(records.map(({ dataset }) => dataset)).toEqual(['math/easy', 'acme']);
});

test('a call without a user message is written by the hash of nothing', async () => {
  const call = finished({ params: { messages: [{ role: 'system', content: 'Greet.' }] } });
  const [line] = await record([[call, 1]], true);
  expect(line?.prompt).toBe('sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});

test('a file that is there is appended to, and only its owner may read it', async () => {
  await record([[finished({ id: 'a' }), 1]], true);
  chmodSync(file, 0o644);
  const records = await record([[finished({ id: 'b' }), 0]], true);
  expect(records.map(({ id }) => id)).toEqual(['a', 'b']);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a call that the reader would refuse is logged and left out', async () => {
  const records = await record(
    [
      [finished({ outputTokens: 0.5 }), 1],
      [finished({ id: 's2' }), 1],
    ],
    true,
  );
  expect(records.map(({ id }) => id)).toEqual(['s2']);
  expect(logged).toMatchObject([{ level: 50, msg: 'a rated call was not recorded' }]);
});

test.runIf(process.platform === 'linux')(
  'a full disk is logged, and the caller who rates notices nothing',
  async () => {
    const events = new KernelEvents();
    const recorder = await Recorder.start(events, '/dev/full', { log });
    events.emit('feedback', { call: finished(), quality: 1, by: 'agent' });
    await recorder.stop();
    await recorder.stop();
    expect(logged.map(({ msg }) => msg)).toContain('rated calls were not recorded');
    // A device cannot sync, and its file is closed all the same.
    expect(openFiles()).not.toContain('/dev/full');
  },
);

test('a file that cannot be opened is an error before the kernel serves anyone', async () => {
  writeFileSync(file, '');
  const start = Recorder.start(new KernelEvents(), join(file, 'below-a-file'), { log });
  await expect(start).rejects.toMatchObject({
    code: 'invalid-config',
    message: expect.stringContaining('--record: Expected a file that can be written'),
  });
});

test('a line that an earlier recorder has torn is cut off with a warning, and one whose end alone is missing is ended', async () => {
  const first = await record([[finished({ id: 's1' }), 1]], true);
  appendFileSync(file, '{"id":"s2","dataset":"ma');
  const second = await record([[finished({ id: 's3' }), 1]], true);
  expect([...first, ...second].map(({ id }) => id)).toEqual(['s1', 's1', 's3']);
  expect(logged).toMatchObject([
    { level: 40, bytes: 24, msg: 'the last line of the record file was torn, and was cut off' },
  ]);
  truncateSync(file, statSync(file).size - 1);
  const third = await record([[finished({ id: 's4' }), 1]], true);
  expect(third.map(({ id }) => id)).toEqual(['s1', 's3', 's4']);
});

test('what a full disk has taken of a line is taken back, and recording goes on', async () => {
  const events = new KernelEvents();
  const recorder = await Recorder.start(events, file, { log, prompts: true });
  const opened = await open(file);
  const proto = Object.getPrototypeOf(opened) as FileHandle;
  await opened.close();
  const full = vi.spyOn(proto, 'appendFile').mockImplementationOnce(async function (this: FileHandle, text) {
    await this.write(String(text).slice(0, 20));
    throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  });
  for (const id of ['s1', 's2']) {
    events.emit('feedback', { call: finished({ id }), quality: 1, by: 'agent' });
    await expect.poll(() => full.mock.calls.length).toBe(id === 's1' ? 1 : 2);
  }
  await recorder.stop();
  full.mockRestore();
  const records: OutcomeRecord[] = [];
  for await (const read of readOutcomes(file)) records.push(read.record);
  expect(records.map(({ id }) => id)).toEqual(['s2']);
});
