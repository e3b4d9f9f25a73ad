import { parentPort, workerData } from 'node:worker_threads';
import Database from 'libsql';
import { verdictOn } from './check-file.js';

/** An error of the library would come without its message on the other side. */
function verdict(): string {
  try {
    return verdictOn(new Database(workerData as string, { readonly: true }));
  } catch (error) {
    return (error as Error).message;
  }
}

parentPort?.postMessage(verdict());
