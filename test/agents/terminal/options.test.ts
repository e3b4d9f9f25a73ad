import { Command } from 'commander';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { addOptions, flag, list, option, share, text, wholeNumber } from '../../../agents/terminal/options.js';

const schema = z.object({
  data: option(list, { value: '<file...>', about: 'files' }),
  skipBad: option(flag, { about: 'leave out bad lines' }),
  seeds: option(wholeNumber(1, 9).default(3), { value: '<n>', about: 'repetitions', conflicts: ['out'] }),
  cv: option(wholeNumber(2, 20).optional(), { value: '[folds]', about: 'folds', preset: 5 }),
  split: option(z.enum(['train', 'test']).default('test'), { value: '<name>', about: 'part' }),
  feedback: option(share.default(1), { value: '<share>', about: 'rated answers' }),
  out: option(text.optional(), { value: '<dir>', about: 'folder' }),
});

function read(...words: string[]): { readonly values?: unknown; readonly help: string; readonly fault?: string } {
  const command = addOptions(new Command('try'), schema)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  const help = command.helpInformation();
  try {
    return { values: command.parse(words, { from: 'user' }).opts(), help };
  } catch (error) {
    return { help, fault: (error as Error).message };
  }
}

test('values, defaults and presets are those of the schema', () => {
  expect(read('--data', 'a', 'b').values).toEqual({ data: ['a', 'b'], seeds: 3, split: 'test', feedback: 1 });
  const words = ['--data', 'a', '--skip-bad', '--seeds', '7', '--cv', '--split', 'train', '--feedback', '.5'];
  expect(read(...words).values).toEqual({
    data: ['a'],
    skipBad: true,
    seeds: 7,
    cv: 5,
    split: 'train',
    feedback: 0.5,
  });
});

test('the help shows each option with its default', () => {
  const { help } = read();
  expect(help).toMatch(/--seeds <n> +repetitions \(default: 3\)/);
  expect(help).toMatch(/--split <name> +part \(choices: "train", "test", default: "test"\)/);
  expect(help).toMatch(/--cv \[folds\] +folds \(preset: 5\)/);
  expect(help).not.toContain('--skip-bad   leave out bad lines (default');
});

test.each([
  [['--seeds', '2'], "required option '--data <file...>' not specified"],
  [
    ['--data', 'a', '--seeds', '10'],
    "option '--seeds <n>' argument '10' is invalid. Expected a whole number from 1 to 9.",
  ],
  [['--data', 'a', '--cv', '1'], "argument '1' is invalid. Expected a whole number from 2 to 20."],
  [['--data', 'a', '--feedback', '2'], "argument '2' is invalid. Expected a number from 0 to 1."],
  [['--data', 'a', '--split', 'x'], 'Allowed choices are train, test.'],
  [['--data', 'a', '--seeds', '1', '--out', 'x'], "option '--seeds <n>' cannot be used with option '--out <dir>'"],
])('%j: names option, rule and value', (words, fault) => {
  expect(read(...words).fault).toContain(fault);
});
