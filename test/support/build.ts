import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

/** Builds before the first test: threads and shell commands are tested as they are shipped, and never as they were. */
export function setup(): void {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: resolve(import.meta.dirname, '../..'), stdio: 'inherit' });
}
