/** Environment variables by name. */
export type Env = Readonly<Record<string, string | undefined>>;

export type Interpolated = { readonly text: string } | { readonly fault: string };

/** The next `$$`, or the opening of a reference with its name and what follows the name. */
const NEXT = /\$\$|\$\{(?:([A-Za-z_]\w*)(:?-|\}))?/;

/**
 * A text with environment variables in place of their names, as in Compose files: `${NAME}`; `${NAME:-default}` where it may be unset or
 * empty, `${NAME-default}` where it may be unset; `$$` stands for one `$`. A default may hold references. A `$` before anything else
 * is itself.
 *
 * @returns the text, or the rule that it breaks; neither it nor the rule hold the value of a variable then
 */
export function interpolate(text: string, env: Env): Interpolated {
  const start = NEXT.exec(text);
  if (start === null) return { text };
  const [opening, name, then] = start;
  const before = text.slice(0, start.index);
  const after = text.slice(start.index + opening.length);
  if (opening === '$$') return joined(before, '$', interpolate(after, env));
  const end = then === '}' ? 0 : endOf(after);
  if (name === undefined || end === -1) {
    return { fault: `Expected \${NAME} or \${NAME:-default}, and $$ for a dollar sign` };
  }
  const given = env[name];
  const rest = interpolate(after.slice(end + (then === '}' ? 0 : 1)), env);
  if (given !== undefined && (given !== '' || then !== ':-')) return joined(before, given, rest);
  if (then === '}') return { fault: `Expected the environment variable ${name} to be set, or \${${name}:-default}` };
  const fallback = interpolate(after.slice(0, end), env);
  return 'fault' in fallback ? fallback : joined(before, fallback.text, rest);
}

function joined(before: string, value: string, rest: Interpolated): Interpolated {
  return 'fault' in rest ? rest : { text: before + value + rest.text };
}

/** Where the brace is that closes a reference, past those that its default holds; -1: nowhere. */
function endOf(text: string): number {
  let open = 1;
  for (const { 0: brace, index } of text.matchAll(/\$\$|\$\{|\}/g)) {
    if (brace === '${') open++;
    else if (brace === '}' && --open === 0) return index;
  }
  return -1;
}
