import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { Screen } from '../../../agents/terminal/screen.js';

/** A terminal that keeps what is written to it and knows its mode. */
function terminal({ isTTY = true } = {}) {
  const modes: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), { isTTY, setRawMode: (raw: boolean) => void modes.push(raw) });
  const written: string[] = [];
  const stdout = Object.assign(new EventEmitter(), {
    isTTY: true,
    columns: 10,
    rows: 3,
    write: (text: string) => void written.push(text),
  });
  return { stdin, stdout, modes, written };
}

function open(fake: ReturnType<typeof terminal>) {
  const keys: string[] = [];
  let resized = 0;
  const screen = new Screen(
    fake,
    (key) => void keys.push(key),
    () => {
      resized++;
    },
  );
  onTestFinished(() => screen.close());
  return { screen, keys, resized: () => resized };
}

const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';

test('takes the whole terminal, and gives it back as it was, once', () => {
  const fake = terminal();
  const { screen } = open(fake);
  const listening = process.listenerCount('exit');
  expect([fake.written.join(''), fake.modes]).toEqual([ENTER, [true]]);
  screen.close();
  screen.close();
  screen.draw(['late']);
  expect([fake.written.join(''), fake.modes]).toEqual([ENTER + LEAVE, [true, false]]);
  expect(fake.stdin.isPaused()).toBe(true);
  expect(fake.stdin.listenerCount('keypress')).toBe(0);
  expect(fake.stdout.listenerCount('resize')).toBe(0);
  expect(process.listenerCount('exit')).toBe(listening - 1);
});

test('names keys, those of several bytes too', async () => {
  const fake = terminal();
  const { keys } = open(fake);
  for (const bytes of ['q', 'G', 's', ' ', '\x03', '\x1b[A', '\x1b[B', '\x1b[5~', '\x1b[6~', '\x1b[H', '\x1b[F', '1']) {
    fake.stdin.write(bytes);
    await new Promise(setImmediate);
  }
  expect(keys).toEqual([...['q', 'G', 's', 'space', 'ctrl-c', 'up', 'down', 'pageup', 'pagedown', 'home', 'end', '1']]);
});

test('without a keyboard there are no keys, and its input stays as it is', () => {
  const fake = terminal({ isTTY: false });
  const { screen, keys } = open(fake);
  fake.stdin.write('q');
  screen.close();
  expect([screen.hasKeys, keys, fake.modes]).toEqual([false, [], []]);
});

test('cuts lines by cells, in the middle of no character', () => {
  const fake = terminal();
  const { screen } = open(fake);
  screen.draw(['123456789012', '東京タワーへ行く', 'a👩‍👩‍👧b👍🏽c🇩🇪defg']);
  const lines = (fake.written.at(-1) ?? '').split('\x1b[H')[1]?.split('\r\n');
  expect(lines).toEqual(['\x1b[K1234567890', '\x1b[K東京タワー', '\x1b[Ka👩‍👩‍👧b👍🏽c🇩🇪d']);
});

test('a change of size asks for another frame', () => {
  const fake = terminal();
  const { screen, resized } = open(fake);
  Object.assign(fake.stdout, { columns: 40, rows: 9 });
  fake.stdout.emit('resize');
  expect([screen.size, resized()]).toEqual([{ columns: 40, rows: 9 }, 1]);
});
