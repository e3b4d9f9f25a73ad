import type { LanguageModel } from 'ai';
import { SyscallError } from '../../../syscalls/errors.js';
import { baseUrlOf, type ProviderConfig } from './provider-config.js';

/** The AI SDK's interface of a model, version 3: what every provider package implements. */
export type ProviderModel = Extract<LanguageModel, { readonly specificationVersion: 'v3' }>;
export type ProviderCall = Parameters<ProviderModel['doStream']>[0];
export type ProviderPart =
  Awaited<ReturnType<ProviderModel['doStream']>>['stream'] extends ReadableStream<infer Part> ? Part : never;

/** Makes the SDK's model for one request, whose HTTP goes through `send`. */
export interface ModelFactory {
  (send: typeof fetch): ProviderModel;
  /** Keys, which no message may repeat. */
  readonly secrets: readonly string[];
}

/**
 * The SDK's models for a config. Address and key are always given, so that the SDK looks for none in the environment.
 * A provider's package is loaded only where it is used.
 *
 * @throws SyscallError `invalid-config` when the environment variable with the key is not set
 */
export async function modelFactory(
  config: ProviderConfig,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ModelFactory> {
  const apiKey = keyOf(config, env);
  const make = await makerOf(config, { baseURL: baseUrlOf(config), apiKey: apiKey ?? '' });
  return Object.assign(make, { secrets: apiKey === undefined ? [] : [apiKey] });
}

async function makerOf(
  { provider, model }: ProviderConfig,
  settings: { readonly baseURL: string; readonly apiKey: string },
): Promise<(send: typeof fetch) => ProviderModel> {
  switch (provider) {
    case 'openai': {
      const { createOpenAI } = await import('@ai-sdk/openai');
      return (send) => createOpenAI({ ...settings, fetch: send }).chat(model);
    }
    case 'anthropic': {
      const { createAnthropic } = await import('@ai-sdk/anthropic');
      return (send) => createAnthropic({ ...settings, fetch: send })(model);
    }
    case 'google': {
      const { createGoogleGenerativeAI } = await import('@ai-sdk/google');
      return (send) => createGoogleGenerativeAI({ ...settings, fetch: send })(model);
    }
    case 'openai-compatible': {
      const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
      const common = { name: 'provider', includeUsage: true, supportsStructuredOutputs: true };
      return (send) => createOpenAICompatible({ ...settings, ...common, fetch: send }).chatModel(model);
    }
  }
}

function keyOf(
  { id, apiKeyEnv }: ProviderConfig,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (apiKeyEnv === undefined) return undefined;
  const key = env[apiKeyEnv]?.trim();
  if (key === undefined || key === '') {
    throw new SyscallError('invalid-config', `${id}: Expected the environment variable ${apiKeyEnv} to hold a key`);
  }
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new SyscallError(
      'invalid-config',
      `${id}: Expected the key in ${apiKeyEnv} to be printable ASCII, no spaces`,
    );
  }
  return key;
}
