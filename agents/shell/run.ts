import { Argument, type Command } from 'commander';
import { SyscallError } from '../../syscalls/errors.js';
import { calculator } from '../examples/calculator.js';
import { ChatAgent } from '../examples/chat-agent.js';
import { fileReader } from '../examples/file-reader.js';
import { MapReduceAgent } from '../examples/map-reduce-agent.js';
import { ReactAgent } from '../examples/react-agent.js';
import type { Agent } from '../sdk/agent.js';
import type { ChatDelta, ChatReply, Client } from '../sdk/client.js';
import { wholeNumber } from '../terminal/arguments.js';
import { err, out, printable } from '../terminal/printer.js';
import { dollars, seconds } from '../terminal/table.js';
import { type KernelFlags, talksToKernel, withClient } from './connection.js';

interface RunFlags extends KernelFlags {
  readonly agents?: number;
  readonly folder?: string;
}

const MAX_AGENTS = 1000;
/** Children of a map-reduce agent. */
const PARTS = 4;

type AgentKind = 'chat' | 'react' | 'map-reduce';

/** How each kind of agent is made. Without a folder ReAct has no file reader: a model must not look around unasked. */
const AGENTS: Record<AgentKind, (client: Client, flags: RunFlags) => Agent | Promise<Agent>> = {
  chat: (client) => new ChatAgent(client),
  react: async (client, { folder }) =>
    new ReactAgent(client, { tools: folder === undefined ? [calculator] : [calculator, await fileReader(folder)] }),
  'map-reduce': (client, { agents = PARTS }) => new MapReduceAgent(client, { parts: agents, concurrency: agents }),
};

/** Adds `eccos run`. */
export function registerRun(program: Command): void {
  talksToKernel(
    program
      .command('run')
      .description(
        'run an example agent: its answer goes to stdout; which core gave it, why, and the id of the syscall to stderr',
      )
      .addArgument(new Argument('<agent>', 'kind of agent').choices(Object.keys(AGENTS)))
      .argument('<task>', 'for map-reduce: INSTRUCTION: TEXT')
      .option(
        '--agents <n>',
        `how many do the task side by side (default: 1); children of map-reduce (default: ${PARTS})`,
        wholeNumber(1, MAX_AGENTS),
      )
      .option('--folder <dir>', 'folder whose files react may read (default: none)'),
  ).action(run);
}

async function run(kind: AgentKind, task: string, flags: RunFlags): Promise<void> {
  const count = kind === 'map-reduce' ? 1 : (flags.agents ?? 1);
  if (count === 1) {
    await runOne(kind, task, flags, kind, new LinePrinter());
    return;
  }
  const names = Array.from({ length: count }, (_, n) => `${kind}-${n + 1}`);
  const ended = await Promise.allSettled(
    names.map(async (name) => {
      const answer = await runOne(kind, task, flags, name);
      out(`== ${name}\n${printable(answer).trimEnd()}\n`);
    }),
  );
  const failed = ended.flatMap((end) => (end.status === 'rejected' ? [SyscallError.from(end.reason)] : []));
  const [first] = failed;
  if (first === undefined) return;
  throw new SyscallError(first.code, `${failed.length} of ${count} agents failed, the first with: ${first.message}`);
}

/** @param printer gets the text as it comes */
function runOne(kind: AgentKind, task: string, flags: RunFlags, name: string, printer?: LinePrinter): Promise<string> {
  return withClient(flags, name, async (client) => {
    const agent = await AGENTS[kind](client, flags);
    try {
      return await agent.run(task, {
        onDelta: printer?.take,
        onReply(reply) {
          printer?.endLine();
          report(name, reply);
        },
      });
    } finally {
      await agent.close();
    }
  });
}

/** Prints streamed text; each answer ends its line. */
class LinePrinter {
  #isOpen = false;

  readonly take = ({ text, restart }: ChatDelta): void => {
    if (restart) {
      this.endLine();
      err('eccos: the core failed, the answer starts anew\n');
    }
    out(printable(text));
    this.#isOpen = !text.endsWith('\n');
  };

  endLine(): void {
    if (this.#isOpen) out('\n');
    this.#isOpen = false;
  }
}

function report(name: string, { syscallId, core, reason, usage, costUsd, times, toolCalls }: ChatReply): void {
  const tools = toolCalls.map((call) => `, calls ${call.function.name}`).join('');
  const took = `${seconds(times.ended - times.accepted)} s, ${usage.inputTokens} + ${usage.outputTokens} tokens`;
  err(printable(`${name}: ${core} (${reason}), ${took}, ${dollars(costUsd)} USD, syscall ${syscallId}${tools}\n`));
}
