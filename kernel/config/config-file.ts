import { type Document, isPair, isScalar, isSeq, type Node, type Pair, parse, parseDocument, visit } from 'yaml';
import { SyscallError } from '../../syscalls/errors.js';
import { readText } from '../text-file.js';
import { type Env, interpolate } from './interpolate.js';

/** The content of a config file, not yet checked: two trees of one shape. */
export interface ConfigFile {
  /** With what the environment says. */
  readonly values: unknown;
  /** As it is written: what may be printed, since a value of the environment may be a key. */
  readonly written: unknown;
}

/**
 * Reads a YAML file: with anchors, with merge keys (https://yaml.org/type/merge.html), and with environment variables in its values.
 *
 * @throws SyscallError `invalid-config` for a file that cannot be read, is not valid YAML, or names a variable that is not set
 */
export async function readConfigFile(file: string, env: Env): Promise<ConfigFile> {
  try {
    const document = parseDocument(hidden(await readText(file)), { merge: true });
    const [error] = document.errors;
    if (error !== undefined) throw error;
    visit(document, {
      Scalar(_key, node) {
        if (typeof node.value === 'string') node.value = shown(node.value);
      },
    });
    const written: unknown = document.toJS();
    const faults = fillIn(document, env);
    if (faults.length === 0) return { values: document.toJS(), written };
    throw new SyscallError('invalid-config', faults.map((fault) => `${file}: ${fault}`).join('\n'));
  } catch (error) {
    if (error instanceof SyscallError) throw error;
    const [reason] = (error as Error).message.replace(/^Merge sources/, '<<: merge sources').split('\n');
    throw new SyscallError('invalid-config', `${file}: ${reason?.replace(/:$/, '')}`, { cause: error });
  }
}

/**
 * `$$`, or a reference without quotes and braces in its default. YAML takes no brace in a text without quotes within `{}` or `[]`, so
 * each character of a reference is another one, in Unicode's private use area, while YAML is read. Places in messages stay right.
 */
const REFERENCE = /\$\$|\$\{[A-Za-z_]\w*(?::?-(?:(?=[ -~])[^{}"'\\])*)?\}/g;
const PRIVATE = 0xe000;

function hidden(text: string): string {
  return text.replace(REFERENCE, (found) => (found === '$$' ? found : shifted(found, PRIVATE)));
}

function shown(text: string): string {
  return text.replace(/[\u{e020}-\u{e07e}]+/gu, (found) => shifted(found, -PRIVATE));
}

function shifted(text: string, by: number): string {
  return String.fromCharCode(...Array.from(text, (char) => char.charCodeAt(0) + by));
}

/** Whether nothing at this place comes from the environment. */
export function isAsWritten({ values, written }: ConfigFile, path: readonly PropertyKey[]): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return typeof values === 'object' || values === written;
  return isAsWritten({ values: memberOf(values, key), written: memberOf(written, key) }, rest);
}

/** A checked config with its defaults, and in it the texts of the file as they are written. */
export function asWritten(config: unknown, { values, written }: ConfigFile): unknown {
  if (typeof written === 'string' && written !== values) return written;
  if (typeof config !== 'object' || config === null) return config;
  const entries = Object.entries(config).map(([key, value]) => [
    key,
    asWritten(value, { values: memberOf(values, key), written: memberOf(written, key) }),
  ]);
  return Array.isArray(config) ? entries.map(([, value]) => value) : Object.fromEntries(entries);
}

function memberOf(tree: unknown, key: PropertyKey): unknown {
  return typeof tree === 'object' && tree !== null && Object.hasOwn(tree, key) ? tree[key as never] : undefined;
}

/** Puts the environment into the values of a document; keys stay. @returns a fault for each value that it does not work for */
function fillIn(document: Document.Parsed, env: Env): string[] {
  const faults: string[] = [];
  visit(document, {
    Scalar(key, node, path) {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('$')) return;
      const filled = interpolate(node.value, env);
      if ('fault' in filled) faults.push(`${fieldOf([...path, node])}: ${filled.fault}`);
      else node.value = node.type === 'PLAIN' ? typed(filled.text) : filled.text;
    },
  });
  return faults;
}

/** A text without quotes is a number or a truth value where it looks like one, as it would be if it stood in the file. */
function typed(text: string): unknown {
  try {
    const value: unknown = parse(text);
    return typeof value === 'number' || typeof value === 'boolean' ? value : text;
  } catch {
    return text;
  }
}

function fieldOf(path: readonly (Document | Node | Pair)[]): string {
  const names = path.flatMap((node, at) => {
    if (isPair(node)) return [String(isScalar(node.key) ? node.key.value : node.key)];
    return isSeq(node) ? [String(node.items.indexOf(path[at + 1]))] : [];
  });
  return names.join('.') || 'value';
}
