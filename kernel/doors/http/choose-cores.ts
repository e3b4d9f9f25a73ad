import { show } from '../../../syscalls/protocol.js';
import type { CoreId } from '../../../syscalls/syscall.js';
import { RequestFault, wrong } from './request-fault.js';

/** What a model's name asks for. */
export interface Choice {
  /** Cores that may answer; undefined: every one. */
  readonly cores: readonly CoreId[] | undefined;
  readonly quality?: number;
  readonly priority?: number;
  /** Seconds. */
  readonly deadline?: number;
  readonly task?: string;
}

const AUTO = new Set(['auto', 'eccos/auto']);
const NUMBERS = new Set(['quality', 'priority', 'deadline']);
/** Options begin at the first colon before `word=`: names of cores may hold colons. */
const OPTIONS = /:(?=[a-z]+=)/;
const MOST_NAMES = 16;

/**
 * Reads the name of a model: `auto`, a core, or `a+b` for any of several, each with options behind it, such as
 * `auto:quality=0.8,priority=5,deadline=30,task=math`.
 *
 * @param known cores that the caller may use
 * @throws RequestFault `model_not_found` for an unknown name; a fault for an unknown option
 */
export function chooseCores(model: unknown, known: ReadonlySet<CoreId>): Choice {
  if (model === undefined || model === null) return { cores: undefined };
  if (Array.isArray(model)) return { cores: model.length === 0 ? undefined : namesOf(model, known) };
  if (typeof model !== 'string') throw wrong('model', 'a name', show(model));
  if (known.has(model)) return { cores: [model] };
  const at = model.search(OPTIONS);
  const name = at === -1 ? model : model.slice(0, at);
  const options = at === -1 ? {} : optionsOf(model.slice(at + 1));
  if (AUTO.has(name)) return { cores: undefined, ...options };
  return { cores: known.has(name) ? [name] : namesOf(name.split('+'), known), ...options };
}

function namesOf(names: readonly unknown[], known: ReadonlySet<CoreId>): readonly CoreId[] {
  return names.map((name) => {
    if (typeof name === 'string' && known.has(name)) return name;
    const some = [...known].slice(0, MOST_NAMES).join(', ');
    throw new RequestFault(`model: Expected auto or one of ${some}, got ${show(name)}`, {
      code: 'not-found',
      param: 'model',
      word: 'model_not_found',
    });
  });
}

function optionsOf(text: string): Omit<Choice, 'cores'> {
  const options: Record<string, string | number> = {};
  for (const option of text.split(',')) {
    const [key = '', value = ''] = option.split('=', 2);
    const isNumber = NUMBERS.has(key);
    if (!isNumber && key !== 'task') {
      throw wrong('model', 'the options quality, priority, deadline and task', show(key));
    }
    const number = Number(value);
    if (isNumber && (value === '' || !Number.isFinite(number))) throw wrong(`model: ${key}`, 'a number', show(value));
    options[key] = isNumber ? number : value;
  }
  return options;
}
