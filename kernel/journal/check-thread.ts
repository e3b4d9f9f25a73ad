import { parentPort, workerData } from 'node:worker_threads';
import { verdictOn } from './check-file.js';

parentPort?.postMessage(verdictOn(workerData as string));
