import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { FinishedCall } from '../../schedulers/policy.js';
import { SyscallError } from '../../syscalls/errors.js';
import { promptOf } from '../../syscalls/llm-chat.js';
import type { KernelEvents } from '../events.js';
import type { Logger } from '../log.js';
import { decodeOutcome, type OutcomeRecord } from './record.js';
import { mendTail } from './tail.js';

/** Characters that may wait for a slow disk; lines beyond are dropped. */
const MAX_BACKLOG = 2 ** 26;
/** Readable and writable for the owner alone: the file may hold prompts. */
const MODE = 0o600;

interface RecorderOptions {
  readonly log: Logger;
  /** Write prompts; else their hashes. @default false */
  readonly prompts?: boolean;
}

/**
 * Appends the traffic of this kernel to an outcome file: one line for each rated call, when its rating arrives. A fault of the
 * disk is logged and costs lines, never an answer.
 */
export class Recorder {
  readonly #events: KernelEvents;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #log: Logger;
  readonly #prompts: boolean;
  /** Whether the file ends in the middle of a line. */
  #torn = false;
  #lines: string[] = [];
  /** Characters of `#lines`. */
  #backlog = 0;
  #writing: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  private constructor(events: KernelEvents, path: string, file: FileHandle, { log, prompts = false }: RecorderOptions) {
    this.#events = events;
    this.#path = path;
    this.#file = file;
    this.#log = log;
    this.#prompts = prompts;
    events.on('feedback', this.#onFeedback);
  }

  /** @throws SyscallError `invalid-config` for a file that cannot be opened to append */
  static async start(events: KernelEvents, path: string, options: RecorderOptions): Promise<Recorder> {
    let file: FileHandle | undefined;
    try {
      file = await open(path, 'a', MODE);
      // One that was there before keeps its mode otherwise.
      if ((await file.stat()).isFile()) {
        await file.chmod(MODE);
        const torn = await mendTail(path);
        if (torn > 0)
          options.log.warn({ path, bytes: torn }, 'the last line of the record file was torn, and was cut off');
      }
      return new Recorder(events, path, file, options);
    } catch (cause) {
      await file?.close();
      const { message } = cause as Error;
      throw new SyscallError('invalid-config', `--record: Expected a file that can be written: ${message}`, { cause });
    }
  }

  /** Writes what is left and closes the file. Idempotent; never rejects. */
  stop(): Promise<void> {
    this.#stopped ??= this.#close();
    return this.#stopped;
  }

  readonly #onFeedback = ({ call, quality }: { readonly call: FinishedCall; readonly quality: number }): void => {
    try {
      this.#append(outcomeLine(call, quality, this.#prompts));
    } catch (error) {
      this.#log.error({ err: error, syscallId: call.id }, 'a rated call was not recorded');
    }
  };

  #append(line: string): void {
    if (this.#backlog + line.length > MAX_BACKLOG) {
      this.#log.warn('the record file does not keep up: a rated call was not recorded');
      return;
    }
    this.#lines.push(line);
    this.#backlog += line.length;
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    while (this.#lines.length > 0) {
      const batch = this.#lines;
      this.#lines = [];
      const text = batch.join('');
      try {
        // What could not be taken back is ended: one line is lost to the reader, not all.
        await this.#file.appendFile(this.#torn ? `\n${text}` : text);
        this.#torn = false;
      } catch (error) {
        this.#log.error({ err: error, lines: batch.length }, 'rated calls were not recorded');
        await this.#takeBack();
      }
      for (const { length } of batch) this.#backlog -= length;
    }
    this.#writing = undefined;
  }

  /** Cuts off the part of a line that a full disk has left. */
  async #takeBack(): Promise<void> {
    try {
      if ((await this.#file.stat()).isFile()) await mendTail(this.#path);
      this.#torn = false;
    } catch (error) {
      this.#torn = true;
      this.#log.error({ err: error }, 'the record file ends in the middle of a line');
    }
  }

  async #close(): Promise<void> {
    this.#events.off('feedback', this.#onFeedback);
    await this.#writing;
    try {
      await this.#file.sync().finally(() => this.#file.close());
    } catch (error) {
      this.#log.error({ err: error }, 'the record file was not closed');
    }
  }
}

/**
 * A rated call as a line of an outcome file.
 *
 * @throws SyscallError for a call that the reader of the format would not take, such as one with half a token
 */
function outcomeLine(call: FinishedCall, quality: number, prompts: boolean): string {
  const { id, tenant, core, inputTokens, outputTokens, costUsd, params } = call;
  const prompt = promptOf(params);
  const record: OutcomeRecord = {
    id,
    dataset: params.task ?? tenant,
    // The format wants a prompt that is not empty, which a call without a user message does not have.
    prompt: prompts && prompt !== '' ? prompt : hashOf(prompt),
    input_tokens: inputTokens,
    // The id, not the profile: it is unique, so that what is trained on it finds each core of this config again.
    outputs: [{ model: core, score: quality, output_tokens: outputTokens, cost_usd: costUsd }],
  };
  const line = JSON.stringify(record);
  decodeOutcome(line, id);
  return `${line}\n`;
}

function hashOf(prompt: string): string {
  return `sha256:${createHash('sha256').update(prompt).digest('hex')}`;
}
