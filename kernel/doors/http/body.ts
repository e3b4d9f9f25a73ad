import type { IncomingMessage } from 'node:http';
import { SyscallError } from '../../../syscalls/errors.js';
import { show } from '../../../syscalls/protocol.js';
import type { KernelLimits } from '../../config/limits.js';
import { isObject, type Json } from '../../json.js';
import { parseJson } from '../parse-json.js';
import type { Unfinished } from '../unfinished.js';
import { RequestFault, wrong } from './request-fault.js';

export interface Body {
  readonly json: Json;
  readonly bytes: number;
}

/** Reads the bodies of requests. What has come of all that are not whole is bounded. */
export class BodyReader {
  readonly #limits: () => KernelLimits;
  readonly #unfinished: Unfinished;

  constructor(limits: () => KernelLimits, unfinished: Unfinished) {
    this.#limits = limits;
    this.#unfinished = unfinished;
  }

  /**
   * The JSON object that a request brings.
   *
   * @param turn settles when so many bytes may be decoded
   * @throws SyscallError `busy`, `parse-error`, `invalid-request`; `disconnected` for a body that does not come to its end
   */
  async read(request: IncomingMessage, turn: (bytes: number) => Promise<void>): Promise<Body> {
    const limits = this.#limits();
    const { maxRequestBytes } = limits;
    const coding = request.headers['content-encoding'] ?? 'identity';
    if (coding !== 'identity') {
      throw new RequestFault('content-encoding: Expected no compression', { code: 'invalid-request', status: 415 });
    }
    if (Number(request.headers['content-length'] ?? 0) > maxRequestBytes)
      throw tooLarge('maxRequestBytes', maxRequestBytes);
    const bytes = await this.#bytesOf(request, limits);
    await turn(bytes.length);
    const json = parseJson(bytes.toString(), limits, 'body');
    if (!isObject(json)) throw wrong('body', 'a JSON object', show(json));
    return { json, bytes: bytes.length };
  }

  #bytesOf(request: IncomingMessage, { maxRequestBytes, pendingBytes }: KernelLimits): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let bytes = 0;
    return new Promise((resolve, reject) => {
      const part = { bytes: 0, cut: () => stop(full(pendingBytes)) };
      const take = (piece: Buffer) => {
        bytes += piece.length;
        pieces.push(piece);
        if (bytes > maxRequestBytes) stop(tooLarge('maxRequestBytes', maxRequestBytes));
        else this.#unfinished.grow(part, piece.length);
      };
      const end = () => {
        stop();
        resolve(Buffer.concat(pieces, bytes));
      };
      const cut = () => stop(new SyscallError('disconnected', 'The request was not sent whole'));
      const stop = (error?: SyscallError) => {
        this.#unfinished.end(part);
        request.off('data', take).off('end', end).off('close', cut).off('error', cut);
        if (error === undefined) return;
        request.pause();
        reject(error);
      };
      request.on('data', take).on('end', end).on('close', cut).on('error', cut);
    });
  }
}

export function tooLarge(limit: string, most: number): RequestFault {
  const message = `body: Expected at most ${most} bytes (${limit}), got more`;
  return new RequestFault(message, { code: 'invalid-request', status: 413, param: 'body', word: 'request_too_large' });
}

function full(most: number): SyscallError {
  return new SyscallError('busy', `pendingBytes: the limit of ${most} is reached`, { retryAfterMs: 1000 });
}

/** Takes what is left of a body, so that its sender gets to read the answer. Never rejects. @param most bytes that are waited for */
export function discardRest(request: IncomingMessage, most: number): Promise<void> {
  if (request.complete || request.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    let bytes = 0;
    request.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes > most) resolve();
    });
    request.once('close', resolve);
    request.once('end', resolve);
    request.resume();
  });
}
