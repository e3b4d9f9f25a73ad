import type { LanguageModelV3 } from '@ai-sdk/provider';
import type { ConnectOptions } from '../client.js';
import { EccosLanguageModel } from './language-model.js';
import type { EccosSettings } from './params.js';
import { SharedClient } from './shared-client.js';

export { EccosCallError } from './call-error.js';
export type { EccosSettings };

export interface EccosOptions extends Pick<ConnectOptions, 'token' | 'parent' | 'tenant' | 'openSocket' | 'platform'> {
  /** Address of the kernel. @default `ws://127.0.0.1:8787` */
  readonly url?: string;
  /** Name of the process whose calls these are. @default `ai-sdk` */
  readonly agent?: string;
  /** Milliseconds after the last call until the connection is closed. @default 1,000 */
  readonly idleMs?: number;
}

/** Makes models for the AI SDK from the cores of a kernel. */
export interface EccosProvider {
  /**
   * @param model `auto` for any core, the id of a core, or several as `a+b` for one of them
   * @param settings of all calls of this model; `providerOptions.eccos` has those of one call
   */
  (model: string, settings?: EccosSettings): LanguageModelV3;
  languageModel(model: string, settings?: EccosSettings): LanguageModelV3;
  /** Says how good an answer was, 0 to 1, once. @param syscallId in `providerMetadata.eccos` of the result */
  feedback(syscallId: string, quality: number): Promise<void>;
  /** Closes the connection now; calls that are open end. */
  close(): Promise<void>;
}

/** A provider for the AI SDK (`ai` 6): `generateText({ model: createEccos()('auto'), prompt })`. Connects with the first call. */
export function createEccos({
  url = 'ws://127.0.0.1:8787',
  agent = 'ai-sdk',
  idleMs = 1000,
  ...rest
}: EccosOptions = {}): EccosProvider {
  const client = new SharedClient({ ...rest, url, name: agent }, idleMs);
  const languageModel = (model: string, settings: EccosSettings = {}) =>
    new EccosLanguageModel(model, client, { ...coresOf(model), ...settings });
  return Object.assign(languageModel.bind(undefined), {
    languageModel,
    async feedback(syscallId: string, quality: number) {
      const open = await client.take();
      try {
        await open.feedback(syscallId, quality);
      } finally {
        client.release();
      }
    },
    close: () => client.close(),
  });
}

function coresOf(model: string): EccosSettings {
  return model === 'auto' || model === 'eccos/auto' ? {} : { cores: model.split('+') };
}
