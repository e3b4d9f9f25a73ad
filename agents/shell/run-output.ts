import type { ChatDelta, ChatReply } from '../sdk/client.js';
import { err, out, printable } from '../terminal/printer.js';
import { dollars, seconds } from '../terminal/table.js';
import { Wrap } from '../terminal/wrap.js';

/** Cells of a line of an answer; a reader that is no terminal gets the lines as they are. */
function lineWidth(): number {
  return process.stdout.columns ?? Number.POSITIVE_INFINITY;
}

/** Prints streamed text for people; each answer ends its line. */
export class AnswerPrinter {
  readonly #wrap = new Wrap(lineWidth());

  readonly take = ({ text, restart }: ChatDelta): void => {
    if (restart) {
      this.endLine();
      err('eccos: the core failed, the answer starts anew\n');
    }
    out(this.#wrap.take(printable(text)));
  };

  endLine(): void {
    out(this.#wrap.end());
  }
}

/** Prints a whole answer under the name of its agent. */
export function printAnswer(name: string, answer: string): void {
  const wrap = new Wrap(lineWidth());
  out(`== ${name}\n${wrap.take(printable(answer).trimEnd())}${wrap.end()}`);
}

/** Says on stderr which core gave an answer, why that one, and what it took. */
export function reportReply(
  name: string,
  { syscallId, core, reason, usage, costUsd, times, toolCalls }: ChatReply,
): void {
  const tools = toolCalls.map((call) => `, calls ${call.function.name}`).join('');
  const took = `${seconds(times.ended - times.accepted)} s, ${usage.inputTokens} + ${usage.outputTokens} tokens`;
  err(printable(`${name}: ${core} (${reason}), ${took}, ${dollars(costUsd)} USD, syscall ${syscallId}${tools}\n`));
}

/** Prints for machines what an agent did, on one line: its answer, and the replies that it took. */
export function printJson(agent: string, answer: string, calls: readonly ChatReply[]): void {
  out(`${JSON.stringify({ agent, answer, calls })}\n`);
}
