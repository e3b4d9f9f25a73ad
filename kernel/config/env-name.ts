/** Name of an environment variable: capitals, digits and _. */
export const ENV_NAME = /^[A-Z_][A-Z0-9_]{0,127}$/;
