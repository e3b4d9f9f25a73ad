import type { Clock } from '../clock.js';
import type { Logger } from '../log.js';
import type { OutcomeFiles } from '../outcomes/file.js';
import type { ItemModel } from './item-response.js';

/** What a core may need from outside. */
export interface CoreDeps {
  readonly clock: Clock;
  /** Seed of everything that is drawn. */
  readonly seed: number;
  /** Environment variables: the only place that keys and proxies come from. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What queries ask of simulated models. @default what the text asks for where it can be read, else a difficulty drawn by the text */
  readonly items?: ItemModel;
  /** Whether nobody reads the text of plain answers: simulated cores then write no more than a letter a piece. @default false */
  readonly unread?: boolean;
  /** Outcome files that were read already, or will be read once for all recorded cores. @default each core reads its own */
  readonly outcomes?: Pick<OutcomeFiles, 'load'>;
  /** What an operator should see. @default nothing is written */
  readonly log?: Logger;
}
