import { describe, expect, test } from 'vitest';
import { createLogger } from '../../kernel/log.js';
import { SyscallError } from '../../syscalls/errors.js';

const CANARY = 'canary 5ec2e7';

function logged(write: (log: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  write(createLogger({ level: 'debug' }, { write: (line) => void lines.push(line) }));
  return lines.join('');
}

describe('a log line does not hold', () => {
  test.each([
    'params',
    'messages',
    'prompt',
    'text',
    'authorization',
    'token',
    'key',
    'apiKey',
    'headers',
    'body',
  ])('%s, at any of three depths', (name) => {
    const entry = { [name]: CANARY, a: { [name]: [CANARY], b: { [name]: { c: CANARY } } } };
    const line = logged((log) => log.info(entry, 'something'));
    expect(line).toContain('something');
    expect(line).not.toContain('canary');
  });

  test.each([
    ['message', new Error(CANARY)],
    ['message of lines that look like frames', new Error(`no\n    at ${CANARY} (file.ts:1:1)\n    at ${CANARY}`)],
    ['cause', new SyscallError('core-failed', 'failed', { cause: new Error(CANARY) })],
    ['members', Object.assign(new TypeError('x'), { request: CANARY, response: { body: CANARY } })],
    ['value, where what is thrown is no error', CANARY],
  ])("an error's %s", (_name, err) => {
    const line = logged((log) => log.error({ err }, 'it failed'));
    expect(line).toContain('it failed');
    expect(line).not.toContain('canary');
  });
});

test('of an error it holds type, code and where it was thrown', () => {
  const line = logged((log) => log.error({ err: new SyscallError('internal', 'x') }, 'it failed'));
  const { err } = JSON.parse(line) as { err: { type: string; code: string; stack: string } };
  expect(err).toMatchObject({ type: 'SyscallError', code: 'internal' });
  expect(err.stack).toContain('security-log.test.ts');
});
