import { CaseStore } from '../retrieval/case-store.js';
import { Beliefs } from './beliefs.js';

/** What a memory rests on: with other vectors or other nets it would mean something else. */
export interface MemoryBase {
  /** sha256 of the encoder. */
  readonly encoder: string;
  readonly dimensions: number;
  /** sha256 of the nets. */
  readonly heads: string;
}

/** What a predictor has learnt while it was running. */
export interface Memory {
  readonly base: MemoryBase;
  readonly store: CaseStore;
  readonly beliefs: Beliefs;
}

/** Nothing learnt yet. */
export function emptyMemory(base: MemoryBase): Memory {
  return { base, store: new CaseStore(base.encoder, base.dimensions), beliefs: new Beliefs() };
}
