const SWITCH = 'ORT_DISABLE_TELEMETRY';

/**
 * Keeps onnxruntime-node, from 1.30 on, from opening a database in the user's cache folder and sending what it notes there
 * to its makers. A variable that is set keeps its value.
 *
 * To be called on the main thread before any thread loads the library: it reads the environment of the process, and
 * `process.env` of a worker is a copy.
 */
export function refuseTelemetry(): void {
  process.env[SWITCH] ??= '1';
}
