import { z } from 'zod';
import { baseUrlFault } from './base-url.js';
import { PROXY_RULE, parseProxy } from './proxy.js';

const ENV_NAME = /^[A-Z_][A-Z0-9_]{0,127}$/;
const ENV_RULE = 'the name of an environment variable: capitals, digits and _';
/** RFC 9110, 5.6.2. */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]{1,128}$/;
/** Visible ASCII, with spaces and tabs inside. */
const HEADER_VALUE = /^[\x21-\x7e]([\x20-\x7e\t]*[\x21-\x7e])?$/;
const ID = /^[\x21-\x7e]{1,128}$/;

/** Ends a message whose value may be a secret; with it, no value is shown. */
const HIDDEN = 'got a value that is not shown';

const FRAMING = 'which the kernel sets itself';
const KEY = 'which carries the key (use `apiKeyEnv`)';

/** Headers that are not for the config, and why. */
const RESERVED_HEADERS: Readonly<Record<string, string>> = {
  authorization: KEY,
  'proxy-authorization': 'which carries the credentials of the proxy (use `proxy`)',
  ...Object.fromEntries(
    [
      ['accept-encoding', 'connection', 'content-encoding', 'content-length', 'content-type', 'expect', 'host'],
      ['keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
    ].flatMap((names) => names.map((name) => [name, FRAMING])),
  ),
};

/** Where each provider's key goes, beside `authorization`; and what else is its own. */
const RESERVED_BY_PROVIDER = {
  'openai-compatible': { headers: {}, query: {} },
  openai: { headers: {}, query: {} },
  anthropic: { headers: { 'x-api-key': KEY }, query: {} },
  google: { headers: { 'x-goog-api-key': KEY }, query: { key: KEY, alt: FRAMING } },
} as const satisfies Record<string, Record<'headers' | 'query', Readonly<Record<string, string>>>>;

const PROVIDERS = ['openai-compatible', 'openai', 'anthropic', 'google'] as const;

const hidden = (rule: string) => ({ error: `Expected ${rule}, ${HIDDEN}` });
const secretText = z.string(hidden('text'));

/** How a core reaches its provider. */
export const connectionFields = {
  provider: z.enum(PROVIDERS).default('openai-compatible').describe('Whose API it is'),
  baseUrl: z
    .string()
    .max(2048)
    .optional()
    .describe('https, or http on this machine. Needed for openai-compatible; the others have a default'),
  allowHttp: z
    .boolean()
    .default(false)
    .describe('Lets `baseUrl` be http on another machine: everybody on the way can read keys, prompts and answers'),
  apiKeyEnv: z
    .union([secretText, z.array(secretText).min(1).max(64)], hidden('the name of an environment variable, or a list'))
    .optional()
    .describe(
      'Environment variable that holds the key, or several: a key that has reached its limit (HTTP 429) pauses, and the ' +
        'next one is used. Only an openai-compatible server may go without',
    ),
  headers: z
    .record(z.string(), secretText)
    .default({})
    .describe('Headers of every request beside those of the API. Their values are never printed'),
  query: z
    .record(z.string(), secretText)
    .default({})
    .describe("Parameters behind the ? of every request, such as Azure's api-version. Their values are never printed"),
  organization: z.string().regex(ID, 'Expected 1 to 128 visible characters').optional().describe('Of OpenAI'),
  project: z.string().regex(ID, 'Expected 1 to 128 visible characters').optional().describe('Of OpenAI'),
  streamOptions: z
    .boolean()
    .default(true)
    .describe('false sends no `stream_options`, which some openai-compatible servers refuse; usage is then estimated'),
  proxy: z
    .union([z.literal(false), z.string()], hidden(`${PROXY_RULE}, or false`))
    .optional()
    .describe(
      'URL of an HTTP proxy, with user name and password if it needs them; false for none. Without it, HTTPS_PROXY, ' +
        'HTTP_PROXY and NO_PROXY of the environment hold, never for this machine',
    ),
  ca: z
    .string(hidden('the path of a PEM file, or certificates in PEM'))
    .min(1)
    .optional()
    .describe('PEM file with certificates to trust beside those of the system, or the certificates themselves'),
} as const;

export type Connection = z.infer<z.ZodObject<typeof connectionFields>>;

/** Where each provider is if the config does not say. */
const DEFAULT_BASE_URL: Readonly<Record<Connection['provider'], string | undefined>> = {
  'openai-compatible': undefined,
  openai: 'https://api.openai.com/v1',
  anthropic: 'https://api.anthropic.com/v1',
  google: 'https://generativelanguage.googleapis.com/v1beta',
};

type Fault = (message: string, path?: readonly string[]) => void;

/** What no single field can see. @param fault receives each rule that is broken; no message quotes what may be a secret */
export function checkConnection(connection: Connection, fault: Fault): void {
  const { provider, baseUrl, allowHttp, headers, query, organization, project, streamOptions, proxy } = connection;
  const url = baseUrl ?? DEFAULT_BASE_URL[provider];
  if (url === undefined) fault('Expected `baseUrl`, which provider openai-compatible needs, got none');
  else {
    const rule = baseUrlFault(url, allowHttp);
    if (rule !== undefined) fault(`Expected \`baseUrl\` to be ${rule}, ${HIDDEN}`);
  }
  checkKeys(connection, fault);
  const reserved = RESERVED_BY_PROVIDER[provider];
  checkHeaders(headers, { ...RESERVED_HEADERS, ...reserved.headers }, fault);
  checkQuery(query, reserved.query, fault);
  if (typeof proxy === 'string' && parseProxy(proxy) === undefined) {
    fault(`Expected ${PROXY_RULE}, ${HIDDEN}`, ['proxy']);
  }
  if (provider !== 'openai' && (organization !== undefined || project !== undefined)) {
    fault(`Expected \`organization\` and \`project\` with provider openai only, got ${provider}`);
  }
  if (provider !== 'openai-compatible' && !streamOptions) {
    fault(`Expected \`streamOptions: false\` with provider openai-compatible only, got ${provider}`);
  }
}

/** The environment variables with the keys, the first one to be used first. */
export function keyNames({ apiKeyEnv }: Pick<Connection, 'apiKeyEnv'>): readonly string[] {
  return apiKeyEnv === undefined ? [] : [apiKeyEnv].flat();
}

/** Where requests go, without a slash at the end. */
export function baseUrlOf({ provider, baseUrl }: Pick<Connection, 'provider' | 'baseUrl'>): string {
  const url = baseUrl ?? DEFAULT_BASE_URL[provider];
  if (url === undefined) throw new TypeError('A checked config has a base URL');
  return url.replace(/\/+$/, '');
}

function checkKeys({ provider, apiKeyEnv }: Connection, fault: Fault): void {
  const names = keyNames({ apiKeyEnv });
  const isList = Array.isArray(apiKeyEnv);
  if (!names.every((name) => ENV_NAME.test(name))) {
    fault(`Expected \`apiKeyEnv\` to be ${isList ? 'a list, each ' : ''}${ENV_RULE}, ${HIDDEN}`);
  } else if (new Set(names).size < names.length) fault('Expected `apiKeyEnv` to hold every name once, got one twice');
  if (apiKeyEnv === undefined && provider !== 'openai-compatible') {
    fault(
      `Expected \`apiKeyEnv\`, the name of the environment variable with the key for provider ${provider}, got none`,
    );
  }
}

function checkHeaders(headers: Connection['headers'], reserved: Readonly<Record<string, string>>, fault: Fault): void {
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (!HEADER_NAME.test(name)) {
      fault(`Expected names of letters, digits and -, got a name of ${name.length} characters`, ['headers']);
      continue;
    }
    const path = ['headers', name];
    if (Object.hasOwn(reserved, lower)) {
      fault(`Expected a header other than "${lower}", ${reserved[lower]}, got "${name}"`, path);
    }
    if (!HEADER_VALUE.test(value)) fault(`Expected visible ASCII, without spaces around it, ${HIDDEN}`, path);
    if (seen.has(lower)) fault(`Expected every header once, got "${lower}" twice`, path);
    seen.add(lower);
  }
}

function checkQuery(query: Connection['query'], reserved: Readonly<Record<string, string>>, fault: Fault): void {
  for (const name of Object.keys(query)) {
    if (name === '') fault('Expected every parameter to have a name, got an empty one', ['query']);
    else if (Object.hasOwn(reserved, name)) {
      fault(`Expected a parameter other than "${name}", ${reserved[name]}, got "${name}"`, ['query', name]);
    }
  }
}
