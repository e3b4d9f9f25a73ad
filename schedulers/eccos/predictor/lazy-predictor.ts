import type { CoreInfo } from '../../../syscalls/cores.js';
import { graphLibrary } from '../retrieval/graph-index.js';
import type { BeliefsState } from './beliefs.js';
import type { HybridPredictor } from './hybrid-predictor.js';
import { openPredictor, type PredictorFolders } from './open-predictor.js';
import type { AnsweredCall, PredictableCall, Prediction, Predictor } from './prediction.js';

/** A predictor that is opened at its first prediction, because a policy is made at once and files are not read at once. */
export class LazyPredictor implements Predictor {
  readonly #folders: PredictorFolders;
  readonly #warn: (message: string) => void;
  readonly #graph: typeof graphLibrary;
  #opened: Promise<Predictor> | undefined;
  /** The one above, once it is there: nothing is learnt before the first prediction. */
  #ready: Predictor | undefined;

  /**
   * @param warn receives, at the opening, what an operator should know @default it is dropped
   * @param graph loads what its memory searches with
   */
  constructor(folders: PredictorFolders, warn: (message: string) => void = () => {}, graph = graphLibrary) {
    this.#folders = folders;
    this.#warn = warn;
    this.#graph = graph;
  }

  /** @throws SyscallError (rejects) `invalid-config` for a folder that holds no predictor */
  async predict(
    calls: readonly PredictableCall[],
    cores: readonly CoreInfo[],
  ): Promise<readonly (readonly Prediction[])[]> {
    this.#opened ??= this.#open(cores);
    this.#ready = await this.#opened;
    return this.#ready.predict(calls, cores);
  }

  async #open(cores: readonly CoreInfo[]): Promise<Predictor> {
    const { predictor } = this.#folders;
    const opened = await openPredictor(this.#folders, this.#warn);
    const graph = this.#graph();
    if ('fault' in graph) this.#warn(`predictor: ${graph.fault}`);
    // An operator who names a predictor expects its nets to be used; the shipped one is there for any cores.
    if (predictor !== undefined && !cores.some((core) => opened.knows(core))) {
      this.#warn(strangersOf(predictor, opened, cores));
    }
    return opened;
  }

  finished(call: AnsweredCall): void {
    this.#ready?.finished(call);
  }

  rated(call: AnsweredCall, quality: number, weight?: number): void {
    this.#ready?.rated(call, quality, weight);
  }

  learnt(most: number): BeliefsState | undefined {
    return this.#ready?.learnt?.(most);
  }

  restore(learnt: BeliefsState): void {
    this.#ready?.restore?.(learnt);
  }

  async save(): Promise<void> {
    await this.#ready?.save?.();
  }

  async close(): Promise<void> {
    // One that could not be opened has said so, and holds nothing.
    const opened = await this.#opened?.catch(() => undefined);
    await opened?.close();
  }
}

function strangersOf(folder: string, { models }: HybridPredictor, cores: readonly CoreInfo[]): string {
  const names = cores.map(({ id, profile }) => (profile === undefined ? id : `${id} (profile ${profile})`));
  return (
    `predictor: Expected ${folder} to know a core by its profile or its id, got cores ${names.join(', ')}, ` +
    `and nets trained on ${models.join(', ')}: name one of these as the profile of the core that runs it`
  );
}
