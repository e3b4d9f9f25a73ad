import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { SyscallError } from '../../../syscalls/errors.js';
import type { CallRecord } from './call-record.js';

/** Writes one JSON line a call, so that sums can be checked against the data by anyone. */
export class CallsFile {
  readonly #stream: WriteStream;

  private constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  /** @throws SyscallError `invalid-config` when the file cannot be written */
  static async open(path: string): Promise<CallsFile> {
    const stream = createWriteStream(path);
    try {
      await once(stream, 'open');
    } catch (cause) {
      throw new SyscallError('invalid-config', `--calls: Expected a file that can be written, got "${path}"`, {
        cause,
      });
    }
    return new CallsFile(stream);
  }

  /** Times are milliseconds on the kernel's clock. */
  async write(policy: string, seed: number, calls: readonly CallRecord[]): Promise<void> {
    for (const call of calls) {
      if (!this.#stream.write(`${JSON.stringify(lineOf(policy, seed, call))}\n`)) await once(this.#stream, 'drain');
    }
  }

  async close(): Promise<void> {
    this.#stream.end();
    await finished(this.#stream);
  }
}

function lineOf(policy: string, seed: number, call: CallRecord): Record<string, unknown> {
  const { agent, run, promptId, prompt, end, score, costUsd, sentAt, endedAt, answer } = call;
  return {
    policy,
    seed,
    agent,
    run,
    id: promptId,
    prompt,
    end,
    core: answer?.core ?? null,
    score,
    cost_usd: costUsd,
    input_tokens: answer?.inputTokens ?? null,
    output_tokens: answer?.outputTokens ?? null,
    sent_ms: sentAt,
    accepted_ms: answer?.accepted ?? null,
    started_ms: answer?.started ?? null,
    first_token_ms: answer?.firstToken ?? null,
    ended_ms: answer?.ended ?? endedAt,
  };
}
