import type { LanguageModel } from 'ai';
import { baseUrlOf } from '../transport/connection-config.js';
import type { ProviderConfig } from './provider-config.js';

/** The AI SDK's interface of a model, version 3: what every provider package implements. */
export type ProviderModel = Extract<LanguageModel, { readonly specificationVersion: 'v3' }>;
export type ProviderCall = Parameters<ProviderModel['doStream']>[0];
export type ProviderPart =
  Awaited<ReturnType<ProviderModel['doStream']>>['stream'] extends ReadableStream<infer Part> ? Part : never;

/**
 * The SDK's model for a config, whose HTTP goes through `send`: it makes schemas when it is made, which takes as long as a call. Address and key are always given, so that the SDK looks for none in the environment; the
 * key is empty, because the transport puts the real one on each request. A provider's package is loaded only where it is used.
 */
export async function providerModel(config: ProviderConfig, send: typeof fetch): Promise<ProviderModel> {
  const { provider, model, headers, organization, project, streamOptions } = config;
  const settings = { baseURL: baseUrlOf(config), apiKey: '', headers, fetch: send };
  switch (provider) {
    case 'openai': {
      const { createOpenAI } = await import('@ai-sdk/openai');
      const account = { ...(organization && { organization }), ...(project && { project }) };
      return createOpenAI({ ...settings, ...account }).chat(model);
    }
    case 'anthropic': {
      const { createAnthropic } = await import('@ai-sdk/anthropic');
      return createAnthropic(settings)(model);
    }
    case 'google': {
      const { createGoogleGenerativeAI } = await import('@ai-sdk/google');
      return createGoogleGenerativeAI(settings)(model);
    }
    case 'openai-compatible': {
      const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
      const common = { name: 'provider', includeUsage: streamOptions, supportsStructuredOutputs: true };
      return createOpenAICompatible({ ...settings, ...common }).chatModel(model);
    }
  }
}
