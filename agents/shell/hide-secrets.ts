type Values = Readonly<Record<string, unknown>>;

/** Names an environment variable, and is no secret itself. */
const VARIABLE = /^\$\{[^}]*\}$/;
const HIDDEN = '(not shown)';

/** A config to be printed: values of `headers` and `query` and the credentials of a `proxy` are not shown. */
export function hideSecrets(config: object): object {
  const { cores } = config as { readonly cores?: unknown };
  return Array.isArray(cores)
    ? { ...config, cores: cores.map((core) => (isValues(core) ? hideIn(core) : core)) }
    : config;
}

function hideIn(core: Values): Values {
  const shown: Record<string, unknown> = { ...core };
  for (const name of ['headers', 'query']) {
    const values = core[name];
    if (isValues(values))
      shown[name] = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, hide(value)]));
  }
  const { proxy } = core;
  if (typeof proxy === 'string') shown['proxy'] = proxy.replace(/\/\/.*@/s, `//${HIDDEN}@`);
  return shown;
}

function hide(value: unknown): unknown {
  return typeof value === 'string' && VARIABLE.test(value) ? value : HIDDEN;
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
