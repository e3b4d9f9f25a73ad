/** Who receives views: a connection of a door. */
export interface Viewer {
  /** @param json a view */
  view(json: string): void;
  /** It does not keep up: it gets no view for now, and a full one later. */
  isSlow(): boolean;
}
