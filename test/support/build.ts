import { execFileSync } from 'node:child_process';
import { readdirSync, statSync, utimesSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const SOURCES = ['syscalls', 'schedulers', 'kernel', 'agents', 'package.json', 'tsconfig.json'];
const BUILT = join(ROOT, 'dist/.tsbuildinfo');

/**
 * Builds before the first test: threads and shell commands are tested as they are shipped, and never as they were. Types are
 * left to `npm run check`; where nothing has changed, nothing is built.
 */
export function setup(): void {
  if (builtMs() > Math.max(...SOURCES.map((path) => changedMs(join(ROOT, path))))) return;
  const start = new Date();
  execFileSync('npm', ['run', '--silent', 'build', '--', '--noCheck'], { cwd: ROOT, stdio: 'inherit' });
  // The compiler leaves the file alone where a change makes no difference.
  utimesSync(BUILT, start, start);
}

function builtMs(): number {
  return statSync(BUILT, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** When anything in a file or folder was changed, moved or removed last. */
function changedMs(path: string): number {
  const stats = statSync(path);
  const inside = stats.isDirectory() ? readdirSync(path).map((name) => changedMs(join(path, name))) : [];
  return Math.max(stats.ctimeMs, ...inside);
}
