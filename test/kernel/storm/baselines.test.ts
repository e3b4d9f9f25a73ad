import { test } from 'vitest';
import { storm } from './storm.js';

test.each(['fifo', 'round-robin'])(
  '10^5 random syscalls under %s: each ends once, caps hold, nothing is left',
  (policy) => storm(policy),
  240_000,
);
