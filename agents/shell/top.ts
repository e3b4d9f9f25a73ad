import { type Command, Option } from 'commander';
import { onAbort } from '../../syscalls/on-abort.js';
import { WATCH_MS } from '../../syscalls/watch.js';
import type { Client, WatchedKernel } from '../sdk/client.js';
import { wholeNumber } from '../terminal/arguments.js';
import { out } from '../terminal/printer.js';
import { Screen, type Terminal } from '../terminal/screen.js';
import { type KernelFlags, talksToKernel, withClient } from './connection.js';
import { ORDER_NAMES, type OrderName, type TopData, TopView, topDataOf } from './top-view.js';

interface TopFlags extends KernelFlags {
  readonly once?: true;
  /** Milliseconds. */
  readonly interval: number;
  readonly sort: OrderName;
}

type Frames = AsyncGenerator<WatchedKernel, never>;

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Adds `eccos top`. */
export function registerTop(program: Command): void {
  talksToKernel(program.command('top').description('cores, processes and open syscalls, live; q quits'))
    .option('--once', 'one frame, whole and without control characters')
    .option('--interval <ms>', 'between two frames', wholeNumber(WATCH_MS.min, WATCH_MS.max), 1000)
    .addOption(new Option('--sort <order>', 'order of the rows').choices(ORDER_NAMES).default('age'))
    .action((flags: TopFlags) => withClient(flags, 'eccos top', (client) => top(client, flags)));
}

async function top(client: Client, { once, interval, sort }: TopFlags): Promise<void> {
  const view = new TopView(sort);
  const frames = client.watch({ everyMs: interval, want: ['kernel', 'cores', 'agents', 'calls'] });
  if (once) {
    out(view.whole(await next(frames)));
    return;
  }
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  for (const signal of STOP_SIGNALS) process.once(signal, stop);
  try {
    if (process.stdout.isTTY) await showOn(process, frames, view, stopping);
    else await print(frames, view, stopping.signal);
  } catch (error) {
    // What waits when it is stopped is given up.
    if (!stopping.signal.aborted) throw error;
  } finally {
    for (const signal of STOP_SIGNALS) process.off(signal, stop);
  }
}

/** Draws until `q` or Ctrl-C, and gives the terminal back however it ends. */
async function showOn(terminal: Terminal, frames: Frames, view: TopView, stopping: AbortController): Promise<void> {
  let data: TopData | undefined;
  const draw = () => {
    if (data !== undefined) screen.draw(view.frame(data, screen.size, screen.hasKeys));
  };
  const onKey = (key: string) => {
    if (key === 'q' || key === 'ctrl-c') stopping.abort();
    else if (view.press(key)) draw();
  };
  const screen = new Screen(terminal, onKey, draw);
  try {
    for (;;) {
      data = await untilStopped(next(frames), stopping.signal);
      draw();
    }
  } finally {
    screen.close();
  }
}

/** Prints one frame after another, where no terminal can take one in place of the other. */
async function print(frames: Frames, view: TopView, signal: AbortSignal): Promise<void> {
  for (;;) out(`${view.whole(await untilStopped(next(frames), signal))}\n`);
}

async function next(frames: Frames): Promise<TopData> {
  return topDataOf((await frames.next()).value);
}

/** A kernel that does not answer must not keep the command. @throws the signal's reason when it is aborted before */
function untilStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const cancel = onAbort(signal, () => reject(signal.reason));
    work.then(resolve, reject).finally(cancel);
  });
}
