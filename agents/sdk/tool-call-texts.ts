import type { ToolCall, ToolCallDelta } from '../../syscalls/chat-message.js';

interface Text {
  readonly name: string;
  arguments: string;
  /** Characters that were handed out; undefined: not even the name was. */
  read: number | undefined;
}

/** The tool calls of one answer as they come, for one reader: what waits for it is never more than the answer. */
export class ToolCallTexts {
  readonly #texts = new Map<string, Text>();

  add({ id, name, arguments: piece }: ToolCallDelta): void {
    const known = this.#texts.get(id);
    if (known === undefined) this.#texts.set(id, { name, arguments: piece, read: undefined });
    else known.arguments += piece;
  }

  /** The answer is whole. @returns whether it goes on from what has come */
  complete(calls: readonly ToolCall[]): boolean {
    const whole = new Map(calls.map(({ id, function: { arguments: text } }) => [id, text]));
    for (const [id, text] of this.#texts) if (!whole.get(id)?.startsWith(text.arguments)) return false;
    for (const { id, function: called } of calls) {
      const { name, arguments: text } = called;
      this.add({ id, name, arguments: text.slice(this.#texts.get(id)?.arguments.length ?? 0) });
    }
    return true;
  }

  /** What was not handed out yet, and now is. */
  take(): readonly ToolCallDelta[] {
    const pieces: ToolCallDelta[] = [];
    for (const [id, text] of this.#texts) {
      const { name, arguments: all, read } = text;
      if (read === all.length) continue;
      pieces.push({ id, name, arguments: all.slice(read) });
      text.read = all.length;
    }
    return pieces;
  }

  /** @returns whether anything had been handed out */
  clear(): boolean {
    const wasRead = [...this.#texts.values()].some(({ read }) => read !== undefined);
    this.#texts.clear();
    return wasRead;
  }
}
