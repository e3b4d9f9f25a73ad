import type { IncomingMessage } from 'node:http';
import { tooLong } from './content-coding.js';

interface Ends {
  readonly maxBytes: number;
  /** Why the request was given up; undefined while it is wanted. */
  readonly givenUp: () => unknown;
  readonly hangUp: (reason: unknown) => void;
  /** Settles when the request is closed on both sides. */
  readonly closed: Promise<void>;
}

/** The bytes of a response as the SDK wants them. Those that come after the request was given up are thrown away. */
export function bodyOf(
  response: IncomingMessage,
  { maxBytes, givenUp, hangUp, closed }: Ends,
): ReadableStream<Uint8Array> {
  let seen = 0;
  let failure: unknown;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      response.on('data', (bytes: Buffer) => {
        if (givenUp() !== undefined) return;
        seen += bytes.byteLength;
        if (seen > maxBytes) {
          hangUp(tooLong(maxBytes));
          return;
        }
        controller.enqueue(bytes);
        if ((controller.desiredSize ?? 0) <= 0) response.pause();
      });
      response.once('error', (error) => {
        failure = error;
      });
      response.once('close', () => {
        const error = givenUp() ?? failure;
        if (error !== undefined) controller.error(error);
        else controller.close();
      });
    },
    pull() {
      response.resume();
    },
    async cancel(reason) {
      hangUp(reason);
      await closed;
    },
  });
}
