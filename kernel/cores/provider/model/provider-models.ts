import type { LanguageModel } from 'ai';
import { baseUrlOf } from '../transport/connection-config.js';
import type { ProviderConfig } from './provider-config.js';

/** The AI SDK's interface of a model, version 3: what every provider package implements. */
export type ProviderModel = Extract<LanguageModel, { readonly specificationVersion: 'v3' }>;
export type ProviderCall = Parameters<ProviderModel['doStream']>[0];
export type ProviderPart =
  Awaited<ReturnType<ProviderModel['doStream']>>['stream'] extends ReadableStream<infer Part> ? Part : never;

/** Makes the SDK's model for one request, whose HTTP goes through `send`. */
export type ModelFactory = (send: typeof fetch) => ProviderModel;

/**
 * The SDK's models for a config. Address and key are always given, so that the SDK looks for none in the environment; the
 * key is empty, because the transport puts the real one on each request. A provider's package is loaded only where it is used.
 */
export async function modelFactory(config: ProviderConfig): Promise<ModelFactory> {
  const { provider, model, headers, organization, project, streamOptions } = config;
  const settings = { baseURL: baseUrlOf(config), apiKey: '', headers };
  switch (provider) {
    case 'openai': {
      const { createOpenAI } = await import('@ai-sdk/openai');
      const account = { ...(organization && { organization }), ...(project && { project }) };
      return (send) => createOpenAI({ ...settings, ...account, fetch: send }).chat(model);
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
      const common = { name: 'provider', includeUsage: streamOptions, supportsStructuredOutputs: true };
      return (send) => createOpenAICompatible({ ...settings, ...common, fetch: send }).chatModel(model);
    }
  }
}
