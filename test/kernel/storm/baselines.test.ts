import { test } from 'vitest';
import { CALLS, storm } from './storm.js';

test.each(['fifo', 'round-robin'])(
  `${CALLS} random syscalls under %s: each ends once, caps hold, nothing is left`,
  (policy) => storm(policy),
  240_000,
);
