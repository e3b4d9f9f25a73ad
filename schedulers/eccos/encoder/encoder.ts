/** Turns texts into vectors whose cosine shows how alike the texts are. */
export interface Encoder {
  /** Length of a vector. */
  readonly dimensions: number;
  /**
   * One unit vector a text, in order. Any text has one, also the empty one. Vectors are shared: they must not be written to.
   *
   * @throws SyscallError (rejects)
   */
  encode(texts: readonly string[]): Promise<readonly Float32Array[]>;
  /** Frees what is held. Idempotent; nothing is encoded after it. */
  close(): Promise<void>;
}
