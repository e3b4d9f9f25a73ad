import { z } from 'zod';
import { type ChatParams, promptOf } from '../../syscalls/llm-chat.js';
import { costOf } from '../../syscalls/price.js';
import { type Answer, answerTo } from './answers/answer.js';
import { type Problem, readProblem } from './answers/problem.js';
import { scriptOf } from './answers/script.js';
import type { CoreRequest, CoreResult, CoreRun, LLMCore } from './core.js';
import { coreFields, infoOf } from './core-config.js';
import type { CoreDeps } from './core-deps.js';
import { answerLength, type Item, isRight, slipOf } from './item-response.js';
import { Machine, type MachineAnswer } from './machine.js';
import { machineCurve, speedOf } from './machine-curve.js';
import { MACHINES, type MachineName } from './machine-presets.js';
import { promptItems } from './prompt-items.js';
import { checkOutput } from './structured-output.js';
import { playAnswer } from './timed-answer.js';

/** Tokens per second; `unlimited` takes no time. */
const speed = z.union([z.number().positive(), z.literal('unlimited')]);

const machineNames = Object.keys(MACHINES) as [MachineName, ...MachineName[]];

/** What a machine says by itself, and what each of them is without one. */
const WITHOUT_MACHINE = { ttftMs: 200, prefillSpeed: 5_000, decodeSpeed: 60, slowdown: 0 } as const;

const fields = z.strictObject({
  kind: z.literal('simulated'),
  ...coreFields,
  /** How good it is, on the scale of the queries' difficulty: 0 gets half of the average queries right. */
  ability: z.number().default(0),
  /** How sharply it separates easy queries from hard ones. */
  discrimination: z.number().positive().default(1),
  /** Log-normal length of its answers in tokens; `spread` is the standard deviation of the logarithm. */
  answerTokens: z
    .strictObject({ median: z.number().min(1).default(200), spread: z.number().min(0).max(3).default(0.5) })
    .default({ median: 200, spread: 0.5 }),
  /** Milliseconds to the first token, beside the time to read the input. */
  ttftMs: z.number().min(0).default(WITHOUT_MACHINE.ttftMs),
  /** Input tokens read per second. */
  prefillSpeed: speed.default(WITHOUT_MACHINE.prefillSpeed),
  /** Output tokens written per second while it runs one call. */
  decodeSpeed: speed.default(WITHOUT_MACHINE.decodeSpeed),
  /** By how much a full core is slower than one with a single call: 0.5 = each token takes 1.5 times as long. */
  slowdown: z.number().min(0).default(WITHOUT_MACHINE.slowdown),
  machine: z
    .union([z.enum(machineNames), machineCurve])
    .optional()
    .describe(
      'What it runs on, in place of ttftMs, prefillSpeed, decodeSpeed and slowdown: a measured machine, or a curve of your own',
    ),
  /** Milliseconds over which text is gathered into one chunk; 0 = all text after the first token comes at the end. */
  chunkMs: z.number().min(0).default(50),
  /** Whether it takes calls with tools. It calls a calculator or a reader of files where that is the next step. */
  tools: z.boolean().default(false),
  /** Whether it takes calls with a response format. */
  responseFormat: z.boolean().default(false),
  /** What its input may hold beside text. It looks at none of it. */
  inputs: z.array(z.enum(['image', 'audio', 'file'])).optional(),
});

/** A made-up model: seeded, on the clock, and true to its price, speed, length of answers and share of right ones. */
export const simulatedConfig = fields.superRefine((config, context) => {
  if (config.machine === undefined) return;
  for (const [name, usual] of Object.entries(WITHOUT_MACHINE)) {
    const given = config[name as keyof typeof WITHOUT_MACHINE];
    if (given === usual) continue;
    const message = `Expected no ${name} beside machine, got ${given}`;
    context.addIssue({ code: 'custom', path: [name], message });
  }
});

export type SimulatedConfig = z.infer<typeof simulatedConfig>;

export function simulatedCore(config: SimulatedConfig, deps: CoreDeps): LLMCore {
  return new SimulatedCore(config, deps);
}

/** A piece of an answer that nobody reads: to make up the text takes as long as to schedule the call. */
const UNREAD = '.';

class SimulatedCore implements LLMCore {
  readonly info;
  readonly #config: SimulatedConfig;
  readonly #deps: CoreDeps;
  readonly #machine: Machine | undefined;
  #running = 0;

  constructor(config: SimulatedConfig, deps: CoreDeps) {
    const { tools, responseFormat, inputs } = config;
    const media = inputs === undefined ? {} : { inputs };
    this.info = infoOf(config, { tools, responseFormat, supportsPrefix: true, ...media });
    this.#config = config;
    this.#deps = deps;
    const { machine } = config;
    const curve = typeof machine === 'string' ? MACHINES[machine] : machine;
    this.#machine = curve && new Machine(speedOf(curve), deps.clock);
  }

  async chat({ params, inputTokens, prefixTokens, maxTokens }: CoreRequest, run: CoreRun): Promise<CoreResult> {
    const { price, chunkMs } = this.#config;
    const prompt = promptOf(params);
    const problem = once(() => readProblem(prompt));
    const item = this.#deps.items === undefined ? promptItems(prompt, problem()) : this.#deps.items(prompt);
    const whole = answerLength(this.#config, prompt, item, this.#deps.seed);
    const end = Math.min(whole, params.maxTokens ?? whole);
    const tokens = Math.max(0, Math.min(end - prefixTokens, maxTokens ?? end));
    const readTokens = inputTokens + prefixTokens;
    const said = once(() => {
      const answer = this.#answer(params, problem(), item);
      return { answer, script: scriptOf(answer, end, end < whole) };
    });
    const isPlain = params.tools === undefined && params.responseFormat === undefined;
    const textOf = (from: number, to: number) =>
      this.#deps.unread && isPlain ? UNREAD : said().script.textOf(prefixTokens + from, prefixTokens + to);
    const toolCallOf = (from: number, to: number) =>
      params.tools && said().script.toolCallOf(prefixTokens + from, prefixTokens + to);
    await this.#write({ tokens, readTokens, chunkMs, textOf, toolCallOf }, run);
    const usage = { inputTokens: readTokens, outputTokens: tokens };
    const bill = { usage, costUsd: costOf(price, usage) };
    const isShort = prefixTokens + tokens < whole;
    if (isPlain) {
      return { toolCalls: [], finishReason: isShort ? 'length' : 'stop', ...bill };
    }
    const { answer, script } = said();
    return { ...endOf(answer, script.isWhole, isShort, params), ...bill };
  }

  #answer(params: ChatParams, problem: Problem | undefined, item: Item): Answer {
    const prompt = promptOf(params);
    const { seed } = this.#deps;
    return answerTo(params, problem, {
      isRight: () => isRight(this.#config, prompt, item, seed),
      slip: () => slipOf(this.#config, prompt, seed),
    });
  }

  async #write(answer: MachineAnswer, run: CoreRun): Promise<void> {
    if (this.#machine !== undefined) return this.#machine.write(answer, run);
    const { ttftMs, prefillSpeed, decodeSpeed } = this.#config;
    this.#running++;
    try {
      const firstTokenMs = ttftMs + answer.readTokens * msPerToken(prefillSpeed);
      const tokenMs = msPerToken(decodeSpeed) * this.#slowness();
      await playAnswer({ firstTokenMs, tokenMs, ...answer }, run, this.#deps.clock);
    } finally {
      this.#running--;
    }
  }

  /**
   * 1 + slowdown x (calls running - 1) / (cap - 1), with the calls that run at the start of this one, itself included.
   * Later ones do not change it, so that a call's time is known when it starts.
   */
  #slowness(): number {
    const { slowdown, cap } = this.#config;
    return 1 + (slowdown * (this.#running - 1)) / Math.max(1, cap - 1);
  }
}

/** @param isShort whether the text has fewer tokens than it would have without a bound */
function endOf(
  answer: Answer,
  isWhole: boolean,
  isShort: boolean,
  params: ChatParams,
): Pick<CoreResult, 'toolCalls' | 'finishReason'> {
  if (!isWhole) return { toolCalls: [], finishReason: 'length' };
  if (answer.kind === 'text') return { toolCalls: [], finishReason: isShort ? 'length' : 'stop' };
  if (answer.kind === 'json') {
    checkOutput(answer.text, params.responseFormat);
    return { toolCalls: [], finishReason: 'stop' };
  }
  return { toolCalls: [answer.call], finishReason: 'tool-calls' };
}

/** The value of a function that is called the first time somebody wants it. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function msPerToken(tokensPerSecond: SimulatedConfig['decodeSpeed']): number {
  return tokensPerSecond === 'unlimited' ? 0 : 1000 / tokensPerSecond;
}
