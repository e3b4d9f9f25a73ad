import { checkConfig, type KernelConfig } from './config.js';

/**
 * Five simulated models, cheapest first, whose prices span 100x, as those of real ones do. Speeds and prices are of
 * the order of public price lists; the abilities are made up. Nothing here stands for a real model.
 */
const CORES = [
  { id: 'tiny', ability: -1, price: [0.05, 0.15], speed: 180, ttftMs: 150, tokens: 140, cap: 6 },
  { id: 'small', ability: -0.2, price: [0.15, 0.6], speed: 120, ttftMs: 250, tokens: 180, cap: 6 },
  { id: 'medium', ability: 0.6, price: [0.6, 2.4], speed: 90, ttftMs: 350, tokens: 220, cap: 5 },
  { id: 'large', ability: 1.3, price: [2, 8], speed: 70, ttftMs: 500, tokens: 260, cap: 4 },
  { id: 'frontier', ability: 2, price: [5, 15], speed: 50, ttftMs: 800, tokens: 320, cap: 3 },
] as const;

/** What `eccos boot` runs without a config file: no key, no network. */
export function defaultConfig(): KernelConfig {
  const cores = CORES.map(({ id, ability, price: [inputPerMTok, outputPerMTok], speed, ttftMs, tokens, cap }) => ({
    id,
    profile: `simulated-${id}`,
    kind: 'simulated',
    price: { inputPerMTok, outputPerMTok },
    cap,
    ability,
    discrimination: 1,
    answerTokens: { median: tokens, spread: 0.5 },
    ttftMs,
    decodeSpeed: speed,
    slowdown: 0.3,
    tools: true,
    responseFormat: true,
  }));
  return checkConfig({ cores }, 'the embedded default');
}
