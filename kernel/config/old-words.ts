/** Words of the config in version 0.1, which this version still takes. */

type Values = Readonly<Record<string, unknown>>;

/**
 * Puts today's words in the place of old ones.
 *
 * @param input a config that is not checked yet
 * @param warn receives one line for each old word
 */
export function renameOldWords(input: unknown, warn: (line: string) => void): unknown {
  if (!isValues(input)) return input;
  const { cores, auth } = input;
  return {
    ...input,
    ...(Array.isArray(cores) ? { cores: cores.map((core, at) => renameKind(core, `cores.${at}`, warn)) } : {}),
    ...(isValues(auth) && Array.isArray(auth['tokens'])
      ? { auth: { ...auth, tokens: auth['tokens'].map((token, at) => renameModels(token, `auth.tokens.${at}`, warn)) } }
      : {}),
  };
}

function renameKind(core: unknown, path: string, warn: (line: string) => void): unknown {
  if (!isValues(core) || core['kind'] !== 'openai') return core;
  warn(`${path}.kind: "openai" is now called "provider"`);
  return { ...core, kind: 'provider' };
}

function renameModels(token: unknown, path: string, warn: (line: string) => void): unknown {
  if (!isValues(token) || !('models' in token) || 'cores' in token) return token;
  warn(`${path}.models is now called ${path}.cores`);
  const { models, ...others } = token;
  return { ...others, cores: models };
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
