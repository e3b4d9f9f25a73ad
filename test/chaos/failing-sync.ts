import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A disk that can be made to fail when it is to make sure that something is written. */
export interface FailingSync {
  /** Variables of a process whose disk this is. */
  readonly env: Readonly<Record<string, string>>;
  fail(): void;
  mend(): void;
}

/** @returns undefined where there is no compiler for it */
export function failingSync(folder: string): FailingSync | undefined {
  const library = join(folder, 'failing-sync.so');
  const flag = join(folder, 'sync-fails');
  const source = fileURLToPath(new URL('./failing-sync.c', import.meta.url));
  const made = spawnSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl']);
  if (process.platform !== 'linux' || made.status !== 0) return undefined;
  return {
    env: { LD_PRELOAD: library, FAIL_SYNC: flag },
    fail: () => writeFileSync(flag, ''),
    mend: () => rmSync(flag),
  };
}
