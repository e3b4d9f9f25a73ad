import { describe, expect, test } from 'vitest';
import { notesOf } from '../../../../agents/lab/compare/compare.js';
import { renderLoad } from '../../../../agents/lab/compare/table.js';
import { run } from './small-comparison.js';

describe('a calibration that ends far from 80 % busy', () => {
  test.each([
    [0.297, [/^the cores are 30 % busy under round-robin, not 80 %: .*; more calls or lower caps may$/]],
    [0.73, [/^the cores are 73 % busy/]],
    [0.93, [/^the cores are 93 % busy .* came nearer$/]],
    [0.79, []],
    [null, []],
  ])('%j: is noted', (busyShare, notes) => {
    const load = { busyShare, records: null, calls: 100 };
    expect(notesOf(load, 2)).toEqual(notes.map((note) => expect.stringMatching(note)));
  });

  test('is said in the report and beside the load', async () => {
    const { report } = await run({ seeds: 1, syscalls: 12, load: 'open' });
    expect(report.load.notes).toEqual([expect.stringMatching(/^the cores are \d+ % busy/)]);
    expect(renderLoad(report.load, 1)).toContain(`\nnote   ${report.load.notes[0]}\n`);
  });
});

test.each([
  [{ records: 100, calls: 100 }, 2, true],
  [{ records: 100, calls: 150 }, 2, true],
  [{ records: 100, calls: 99 }, 2, false],
  [{ records: 100, calls: 100 }, 1, false],
  [{ records: null, calls: 100 }, 2, false],
])('%j x %i seeds: intervals without the sampling of records are noted: %j', (load, seeds, noted) => {
  const note = expect.stringMatching(/^every seed plays all 100 records, .* are over records too$/);
  expect(notesOf({ ...load, busyShare: null }, seeds)).toEqual(noted ? [note] : []);
});
