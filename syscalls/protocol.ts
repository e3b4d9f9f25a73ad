import { z } from 'zod';
import { FAULT_CLASSES, type FaultClass } from './errors.js';
import { wholeLength } from './whole-text.js';

/** WebSocket subprotocol of the kernel. */
export const SUBPROTOCOL = 'eccos.v1';
/** A second subprotocol hands over a token, in base64url behind this, for browsers, which cannot set headers. */
export const BEARER_PREFIX = 'eccos.bearer.';

const ID_RULE = 'Expected a string of at most 128 characters, a number or null';

/** Identity that the sender of a request gives it; replies carry it back. */
export const requestId = z
  .union([z.string().max(128, ID_RULE), z.number(), z.null()], ID_RULE)
  .describe(
    'Given by the sender, carried back by the reply. Numbers that a double cannot hold exactly are refused, with id null. Nothing is compared: two open requests of one id both run, and each gets a reply.',
  );
export type RequestId = z.infer<typeof requestId>;

export const rpcVersion = z.literal('2.0').describe('Version of JSON-RPC');

/** A JSON-RPC 2.0 request, or without an id a notification, which gets no reply. Further members are allowed and have no meaning. */
export const rpcRequest = z.object({
  jsonrpc: rpcVersion,
  id: requestId.optional(),
  method: z.string().describe('Name of a syscall'),
  params: z.unknown().optional().describe('By name'),
});

const rpcError = z.object({
  code: z.number(),
  message: z.string(),
  data: z
    .object({
      code: z.string(),
      retryable: z.boolean(),
      retryAfterMs: z.number().optional(),
      class: z.custom<FaultClass>((value) => FAULT_CLASSES.some((one) => one === value)).optional(),
      status: z.number().optional(),
      core: z.string().optional(),
      attempts: z.number().optional(),
    })
    .optional(),
});

/** What an agent receives: the one reply to a request, or a notification. */
export const rpcIncoming = z.union([
  z.object({ jsonrpc: rpcVersion, id: requestId, result: z.unknown() }),
  z.object({ jsonrpc: rpcVersion, id: requestId, error: rpcError }),
  z.object({ jsonrpc: rpcVersion, method: z.string(), params: z.unknown() }),
]);

/** Most characters of a message about a fault: what is wrong may be half a megabyte of names. */
const MAX_MESSAGE = 500;

/** The first fault of a failed check as one line; see `describeIssues`. */
export function describeIssue(error: z.ZodError, input: unknown, root: string): string {
  const [issue] = error.issues;
  const line = issue === undefined ? `${root}: not valid` : describe(issue, input, root);
  if (line.length <= MAX_MESSAGE) return line;
  const start = line.slice(0, MAX_MESSAGE);
  return `${start.slice(0, wholeLength(start))}...`;
}

/**
 * The faults of a failed check, a line each: field, rule, value.
 *
 * @param root what the fields belong to, for example `params`; empty: nothing stands before them
 */
export function describeIssues(error: z.ZodError, input: unknown, root: string): string[] {
  return error.issues.map((issue) => describe(issue, input, root));
}

/** A union fails as a whole: the branch that got furthest says best what is wrong, or all of them what is expected. */
function specific(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  // A message of its own says it better, and may leave out the value on purpose.
  if (issue.code !== 'invalid_union' || issue.message.includes(', got ')) return issue;
  const branches = issue.errors.flatMap(([first]) => (first === undefined ? [] : [specific(first)]));
  const deepest = branches.toSorted((a, b) => b.path.length - a.path.length)[0];
  if (deepest === undefined) return issue;
  if (deepest.path.length > 0) return { ...deepest, path: [...issue.path, ...deepest.path] };
  const expected = branches.map(({ message }) => /expected (.+?)(, received \w+)?$/.exec(message)?.[1] ?? message);
  return { ...issue, message: `Expected ${[...new Set(expected)].join(' or ')}` };
}

function describe(raw: z.core.$ZodIssue, input: unknown, root: string): string {
  const issue = specific(raw);
  let value = input;
  for (const key of issue.path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key];
  const field = [root, ...issue.path].map(String).join('.').replace(/^\./, '');
  // The library names the type of what it got, which says less than the value.
  const rule = issue.message.replace(/, received \w+$/, '');
  const tellsValue = issue.code === 'unrecognized_keys' || rule.includes(', got ');
  const fault = field === '' ? rule : `${field}: ${rule}`;
  if (tellsValue) return fault;
  return `${fault}, ${value === undefined ? 'but it is missing' : `got ${show(value)}`}`;
}

/** A value short enough for a message. Long text is not repeated: it may be a prompt. */
export function show(value: unknown): string {
  if (typeof value === 'string')
    return value.length <= 64 ? JSON.stringify(value) : `a text of ${value.length} characters`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}
