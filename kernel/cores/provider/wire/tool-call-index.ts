import { randomUUID } from 'node:crypto';
import { isObject, type Json, objectAt, textAt } from '../../../json.js';
import { CoreError } from '../../core.js';
import { checkToolCalls } from './answer-facts.js';

/** Most characters of the arguments of one call: the SDK reads all of them again with each piece. */
const MAX_ARGUMENTS = 2 ** 20;
/** Longer arguments are not looked at for whether they are whole. */
const MAX_CHECKED = 2 ** 14;

interface Placed {
  /** As the provider gave it. */
  readonly id: string | undefined;
  /** Under which the answer has it. */
  readonly name: string;
  readonly sentIndex: unknown;
  text: string;
}

/**
 * Gives each tool call of an answer its own index. Servers send all with index 0, or with none, repeat the id in every
 * piece or in the first only, leave it empty, or write it as a number. A call without an id gets one.
 */
export class ToolCallIndex {
  readonly #calls: Placed[] = [];
  /** What the provider wants back with a call, by its id. */
  readonly extras = new Map<string, Json>();

  /** A piece of a call, with an index that no other call of the answer has. */
  place(piece: Json): Json {
    const id = idOf(piece['id']);
    const name = textAt(objectAt(piece, 'function'), 'name');
    const text = argumentsOf(objectAt(piece, 'function')['arguments']);
    const sentIndex = piece['index'] ?? undefined;
    let call = this.#goesOn(id, sentIndex, name);
    if (call === undefined) {
      call = { id, name: id ?? `call_${randomUUID()}`, sentIndex, text: '' };
      checkToolCalls(this.#calls.push(call));
    }
    call.text += text ?? '';
    if (call.text.length > MAX_ARGUMENTS) throw tooLong();
    const extra = piece['extra_content'] ?? fieldsOf(piece);
    if (isObject(extra)) this.extras.set(call.name, extra);
    return {
      index: this.#calls.indexOf(call),
      id: call.name,
      type: 'function',
      function: { ...(name === undefined ? {} : { name }), ...(text === undefined ? {} : { arguments: text }) },
    };
  }

  /** The call that a piece goes on with; undefined: it starts a new one. */
  #goesOn(id: string | undefined, sentIndex: unknown, name: string | undefined): Placed | undefined {
    const known = id === undefined ? undefined : this.#calls.findLast((call) => call.id === id);
    if (known !== undefined) return known;
    const same = this.#calls.findLast((call) => call.sentIndex === sentIndex);
    if (same === undefined) return undefined;
    // Some servers make a new id for each piece; a call starts with its name.
    if (name === undefined && sentIndex !== undefined) return same;
    if (id !== undefined && same.id !== undefined) return undefined;
    // A second name after whole arguments is a second call.
    return name !== undefined && isWholeJson(same.text) ? undefined : same;
  }
}

function idOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Arguments are text that holds JSON; some servers send the JSON itself. */
function argumentsOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isWholeJson(text: string): boolean {
  if (text.length > MAX_CHECKED) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function tooLong(): CoreError {
  const message = `Expected of the provider at most ${MAX_ARGUMENTS} characters of arguments, got more`;
  return new CoreError('core-failed', message, { class: 'provider' });
}

/** LiteLLM's place for what a provider wants back. */
function fieldsOf(piece: Json): Json | undefined {
  const fields = piece['provider_specific_fields'] ?? objectAt(piece, 'function')['provider_specific_fields'];
  return isObject(fields) ? { provider_specific_fields: fields } : undefined;
}
