import type { CoreId } from '../../syscalls/syscall.js';
import type { PlannedCall } from '../load/load.js';

/** The score of a core's answer to a call, 0 to 1, known beforehand. It looks at nothing that a policy or the kernel says. */
export type Judge = (call: PlannedCall, core: CoreId) => number;
