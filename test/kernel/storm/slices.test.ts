import { test } from 'vitest';
import { CALLS, storm } from './storm.js';

test(
  `${CALLS} random syscalls under round-robin with time slices: each ends once, caps hold, nothing is left`,
  () => storm('round-robin:timeSliceMs=40'),
  240_000,
);
