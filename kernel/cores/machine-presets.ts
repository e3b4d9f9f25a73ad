import type { MachineCurve } from './machine-curve.js';

/**
 * Decoders of 1, 8 and 32 billion parameters, each alone on one NVIDIA H200: random weights in bf16, CUDA graphs, PyTorch
 * 2.11 with CUDA 13.0. Measured were the prefill of one prompt of 128 to 8,192 tokens, and a decoding step of batches of 1 to
 * 256 calls at contexts of 512 and of 2,048 tokens, of which each line through two contexts gives `contextMs` and, where it
 * meets no context, `tpotMs`. The 32B model was measured at 2,048 tokens with up to 64 calls; its line of `contextMs` goes
 * straight on from there, and its `tpotMs` of 128 and 256 calls rest on that.
 */
export const MACHINES = {
  'h200-1b': {
    prefillMs: { 128: 2.613, 512: 2.685, 2048: 8.556, 8192: 41.402 },
    tpotMs: { 1: 1.2427, 2: 1.341, 4: 1.354, 8: 1.3677, 16: 1.3957, 32: 1.4803, 64: 1.5507, 128: 1.6743, 256: 2.6793 },
    contextMs: {
      1: 0.0944,
      2: 0.0996,
      4: 0.1094,
      8: 0.1628,
      16: 0.2292,
      32: 0.3509,
      64: 0.6608,
      128: 1.3079,
      256: 2.1693,
    },
  },
  'h200-8b': {
    prefillMs: { 128: 7.919, 512: 14.143, 2048: 52.658, 8192: 232.596 },
    tpotMs: { 1: 5.0403, 2: 5.241, 4: 5.3083, 8: 5.3593, 16: 5.266, 32: 5.459, 64: 5.7417, 128: 7.274, 256: 8.316 },
    contextMs: {
      1: 0.1927,
      2: 0.207,
      4: 0.2572,
      8: 0.3529,
      16: 0.70703,
      32: 1.1855,
      64: 2.2272,
      128: 4.4238,
      256: 8.7305,
    },
  },
  'h200-32b': {
    prefillMs: { 128: 26.828, 512: 60.168, 2048: 224.446, 8192: 945.642 },
    tpotMs: {
      1: 17.6353,
      2: 18.7233,
      4: 18.3503,
      8: 18.4333,
      16: 19.1547,
      32: 18.5187,
      64: 21.705,
      128: 26.9777,
      256: 32.899,
    },
    contextMs: { 1: 0.3822, 2: 0.4193, 4: 0.5111, 8: 0.8939, 16: 1.4714, 32: 2.5339, 64: 4.6309 },
  },
} as const satisfies Record<string, MachineCurve>;

export type MachineName = keyof typeof MACHINES;
