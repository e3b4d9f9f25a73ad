import type { KernelConfig } from '../../../kernel/boot.js';
import { checkConfig } from '../../../kernel/config/config.js';

/** One simulated core that takes tools and answers within milliseconds, on a free port. */
export function kernelConfig(more: Record<string, unknown> = {}): KernelConfig {
  const quick = {
    id: 'quick',
    kind: 'simulated',
    price: { inputPerMTok: 1, outputPerMTok: 2 },
    cap: 4,
    ttftMs: 1,
    prefillSpeed: 'unlimited',
    decodeSpeed: 5000,
    chunkMs: 5,
    answerTokens: { median: 40, spread: 0.1 },
    tools: true,
  };
  return checkConfig({ listen: { port: 0 }, cores: [quick], log: { level: 'silent' }, ...more }, 'the test');
}

/** As `kernelConfig`, but an answer takes minutes. */
export function slowConfig(more: Record<string, unknown> = {}, decodeSpeed = 0.1): KernelConfig {
  const config = kernelConfig(more);
  return { ...config, cores: config.cores.map((core) => ({ ...core, ttftMs: 1, decodeSpeed })) as never };
}
