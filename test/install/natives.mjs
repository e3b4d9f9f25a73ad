/**
 * npm 10 runs the install script of onnxruntime-node, which downloads parts for graphics cards; where it cannot, npm leaves
 * the optional package out. All that is needed here lies in the package itself, so it is installed again without its script.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

try {
  createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
} catch {
  const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'));
  const { version } = lock.packages['node_modules/onnxruntime-node'];
  const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', `onnxruntime-node@${version}`];
  execFileSync('npm', args, { stdio: 'inherit' });
}
