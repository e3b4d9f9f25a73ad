import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import type { z } from 'zod';
import { CallsFile } from '../lab/compare/calls-file.js';
import { type CompareWatcher, compare } from '../lab/compare/compare.js';
import { compareBatches } from '../lab/compare/compare-batches.js';
import { compareFlags, isBatch, readOptions } from '../lab/compare/options.js';
import type { CompareReport } from '../lab/compare/report.js';
import {
  renderBatches,
  renderConditions,
  renderDials,
  renderFrontier,
  renderLoad,
  renderPolicies,
} from '../lab/compare/table.js';
import { isSound, warningsOf } from '../lab/compare/warnings.js';
import { PageFile } from '../lab/render/page/page-file.js';
import { addOptions } from '../terminal/options.js';
import { printable } from '../terminal/printer.js';
import { commandLine } from './command-line.js';
import { checkFile } from './output.js';

const STDOUT = '-';
const PLAIN_WIDTH = 120;
/** So often the bar moves: each time it copies what it estimates the time left from. */
const BAR_STEPS = 1000;
/** The time left is estimated from the pace of so many of its last steps. */
const ETA_STEPS = 100;

/**
 * Adds `eccos compare`: the same seeded load against several policies, side by side.
 *
 * Its action rejects with SyscallError `invalid-config`, which names option, rule and value.
 */
export function registerCompare(program: Command): void {
  const command = program
    .command('compare')
    .description('play the same seeded load against several policies and compare what they made of it')
    .action(run);
  addOptions(command, compareFlags);
}

async function run(flags: z.infer<typeof compareFlags>, command: Command): Promise<void> {
  const options = await readOptions(flags, commandLine(command));
  const { writeOut = () => {}, writeErr = () => {} } = command.configureOutput();
  const toStdout = flags.json === STDOUT;
  if (!toStdout) await checkFile('--json', flags.json);
  const page = flags.report === undefined ? undefined : await PageFile.open(flags.report, options.base);
  const callsFile = flags.calls === undefined ? undefined : await CallsFile.open(flags.calls);
  const bar = new SingleBar({
    format: '{bar} {percentage} % | {value} of {total} calls | {eta_formatted} left',
    stream: process.stderr,
    hideCursor: true,
    etaBuffer: ETA_STEPS,
    noTTYOutput: true,
    notTTYSchedule: 5000,
  });
  let calls = 0;
  let callsAStep = 1;
  let report: CompareReport;
  try {
    const watcher: CompareWatcher = {
      onStart(load, totalCalls) {
        if (!toStdout) writeOut(`${renderLoad(load, options.seeds)}\n`);
        page?.onStart(load);
        callsAStep = Math.ceil(totalCalls / BAR_STEPS);
        bar.start(totalCalls, 0);
      },
      onCall() {
        if (++calls % callsAStep === 0) bar.update(calls);
      },
      ...((page !== undefined || callsFile !== undefined) && {
        async onTrial(policy, seed, calls) {
          page?.onTrial(policy, seed, calls);
          await callsFile?.write(policy, seed, calls);
        },
      }),
    };
    report = await (isBatch(options) ? compareBatches(options, watcher) : compare(options, watcher));
  } finally {
    bar.update(calls);
    bar.stop();
    await callsFile?.close();
  }
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (toStdout) writeOut(text);
  else {
    const width = process.stdout.columns ?? PLAIN_WIDTH;
    const stream = () =>
      [renderPolicies(report, width), renderFrontier(report, width), renderDials(report), renderConditions(report)]
        .filter((part) => part !== '')
        .join('\n');
    writeOut(report.batches === undefined ? stream() : renderBatches(report.batches));
    await writeFile(flags.json, text);
    writeOut(`\nReport: ${resolve(flags.json)}\n`);
  }
  await page?.write(report);
  if (page !== undefined && !toStdout) writeOut(`Page: ${page.path}\n`);
  for (const line of report.policies.flatMap(warningsOf)) writeErr(printable(`${line}\n`));
  if (!isSound(report.policies)) process.exitCode = 1;
}
