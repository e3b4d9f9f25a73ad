import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { syntheticRecords } from '../../../../agents/lab/records/synthetic-records.js';
import type { OutcomeRecord } from '../../../../kernel/outcomes/record.js';

/** Synthetic records: enough to train on, few enough to do so in a second. */
export const RECORDS: readonly OutcomeRecord[] = await syntheticRecords(300, 1);

/** Models of the records, in their order. */
export const MODELS: readonly string[] = RECORDS[0]?.outputs.map(({ model }) => model) ?? [];

/** Writes records, or lines as they are. A name that ends in .gz is packed. @returns the path */
export function writeRecords(folder: string, name: string, lines: readonly (OutcomeRecord | string)[]): string {
  const path = join(folder, name);
  const text = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return path;
}
