import type { Price } from '../../syscalls/price.js';
import type { OutcomeRecord } from '../outcomes/record.js';

/** What one call used, and what it cost. */
interface BilledCall {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costUsd: number;
}

/**
 * The price that explains a model's bills best: least squares of cost = input x pIn + output x pOut, neither below 0.
 * Where input and output do not vary apart from each other, one price for both. It is an estimate for decisions made
 * beforehand; what a recorded call cost is in its record.
 *
 * @throws RangeError without calls, or when none has a token
 */
export function fitPrice(calls: readonly BilledCall[]): Price {
  let ii = 0;
  let io = 0;
  let oo = 0;
  let ic = 0;
  let oc = 0;
  for (const { inputTokens, outputTokens, costUsd } of calls) {
    ii += inputTokens * inputTokens;
    io += inputTokens * outputTokens;
    oo += outputTokens * outputTokens;
    ic += inputTokens * costUsd;
    oc += outputTokens * costUsd;
  }
  if (ii + oo === 0) throw new RangeError('Expected calls with tokens to fit a price to');
  const determinant = ii * oo - io * io;
  // By Cauchy-Schwarz it is 0 for proportional columns and at most ii x oo.
  if (determinant <= 1e-9 * ii * oo) return perMillion((ic + oc) / (ii + 2 * io + oo), (ic + oc) / (ii + 2 * io + oo));
  const input = (ic * oo - oc * io) / determinant;
  const output = (oc * ii - ic * io) / determinant;
  if (input < 0) return perMillion(0, oc / oo);
  if (output < 0) return perMillion(ic / ii, 0);
  return perMillion(input, output);
}

/** The fitted price of every model of these records. */
export function fitPrices(records: Iterable<OutcomeRecord>): ReadonlyMap<string, Price> {
  const calls = new Map<string, BilledCall[]>();
  for (const { input_tokens: inputTokens, outputs } of records) {
    for (const { model, output_tokens: outputTokens, cost_usd: costUsd } of outputs) {
      const call = { inputTokens, outputTokens, costUsd };
      const known = calls.get(model);
      if (known === undefined) calls.set(model, [call]);
      else known.push(call);
    }
  }
  return new Map([...calls].map(([model, billed]) => [model, fitPrice(billed)]));
}

/** Dollars per token as dollars per million, without the last digits that the arithmetic leaves. */
function perMillion(input: number, output: number): Price {
  const round = (perToken: number) => Number((perToken * 1e6).toPrecision(9));
  return { inputPerMTok: round(input), outputPerMTok: round(output) };
}
