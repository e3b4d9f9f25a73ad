import { expect, test } from 'vitest';
import { errorOf, faultOf, jobHealth, jobId } from '../../../kernel/cluster/job.js';
import { CoreError } from '../../../kernel/cores/core.js';
import { SyscallError } from '../../../syscalls/errors.js';

const over = <Value>(value: Value): Value => JSON.parse(JSON.stringify(value)) as Value;

test('an error of a core goes over the wire whole', () => {
  const error = new CoreError('core-rejected', 'too long', {
    class: 'request',
    status: 413,
    retryAfterMs: 250,
    learnt: { contextWindow: 4096, unsupported: 'seed', input: 'image' },
  });
  const back = errorOf(over(faultOf(error)));
  expect(back).toBeInstanceOf(CoreError);
  expect(back).toEqual(error);
  expect((back as CoreError).learnt).toEqual(error.learnt);
});

test('a foreign error says only what kind it is, as it would in one process', () => {
  const back = errorOf(over(faultOf(new TypeError('a prompt'))));
  expect(back.code).toBe('core-failed');
  expect(back.cause).toMatchObject({ name: 'TypeError' });
  const busy = new SyscallError('core-failed', 'The circuit is open', { retryAfterMs: 10 });
  expect(errorOf(over(faultOf(busy)))).toEqual(busy);
});

test('a request that goes on from a preempted one has a name of its own', () => {
  expect(jobId({ id: 'b-1', attempt: 2, prefix: '' })).toBe('b-1.2');
  expect(jobId({ id: 'b-1', attempt: 2, prefix: 'one' })).toBe('b-1.2.3');
});

test('health is said without a clock and without infinity', () => {
  expect(over(jobHealth({ slots: Number.POSITIVE_INFINITY, retryAt: undefined }, 5))).toEqual({});
  expect(jobHealth({ slots: 0, retryAt: 105, misconfigured: 'its key is wrong' }, 5)).toEqual({
    ...{ slots: 0, retryInMs: 100, misconfigured: 'its key is wrong' },
  });
});
