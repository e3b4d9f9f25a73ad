import { Argument, type Command } from 'commander';
import { SyscallError } from '../../syscalls/errors.js';
import { calculator } from '../examples/calculator.js';
import { ChatAgent } from '../examples/chat-agent.js';
import { fileReader } from '../examples/file-reader.js';
import { MapReduceAgent } from '../examples/map-reduce-agent.js';
import { ReactAgent } from '../examples/react-agent.js';
import { VerifierAgent } from '../examples/verifier-agent.js';
import type { Agent, RunOptions } from '../sdk/agent.js';
import type { ChatReply, Client } from '../sdk/client.js';
import { wholeNumber } from '../terminal/arguments.js';
import { type KernelFlags, talksToKernel, withClient } from './connection.js';
import { AnswerPrinter, printAnswer, printJson, reportReply } from './run-output.js';

interface RunFlags extends KernelFlags {
  readonly agents?: number;
  readonly folder?: string;
  readonly json?: boolean;
}

const MAX_AGENTS = 1000;
/** Children of a map-reduce agent. */
const PARTS = 4;

type AgentKind = 'chat' | 'react' | 'map-reduce' | 'verifier';

/** How each kind of agent is made. Without a folder ReAct has no file reader: a model must not look around unasked. */
const AGENTS: Record<AgentKind, (client: Client, flags: RunFlags) => Agent | Promise<Agent>> = {
  chat: (client) => new ChatAgent(client),
  react: async (client, { folder }) =>
    new ReactAgent(client, { tools: folder === undefined ? [calculator] : [calculator, await fileReader(folder)] }),
  'map-reduce': (client, { agents = PARTS }) => new MapReduceAgent(client, { parts: agents, concurrency: agents }),
  verifier: (client) => new VerifierAgent(client),
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
      .option('--folder <dir>', 'folder whose files react may read (default: none)')
      .option('--json', 'print for machines: one line an agent, with its answer and the replies of its calls'),
  ).action(run);
}

async function run(kind: AgentKind, task: string, flags: RunFlags): Promise<void> {
  const count = kind === 'map-reduce' ? 1 : (flags.agents ?? 1);
  if (count === 1) {
    if (flags.json) await runJson(kind, task, flags, kind);
    else await runStreaming(kind, task, flags);
    return;
  }
  const names = Array.from({ length: count }, (_, n) => `${kind}-${n + 1}`);
  const ended = await Promise.allSettled(
    names.map((name) => (flags.json ? runJson(kind, task, flags, name) : runQuietly(kind, task, flags, name))),
  );
  const failed = ended.flatMap((end) => (end.status === 'rejected' ? [SyscallError.from(end.reason)] : []));
  const [first] = failed;
  if (first === undefined) return;
  throw new SyscallError(first.code, `${failed.length} of ${count} agents failed, the first with: ${first.message}`);
}

/** Prints the text as it comes. */
async function runStreaming(kind: AgentKind, task: string, flags: RunFlags): Promise<void> {
  const printer = new AnswerPrinter();
  await runOne(kind, task, flags, kind, {
    onDelta: printer.take,
    onReply(reply) {
      printer.endLine();
      reportReply(kind, reply);
    },
  });
}

async function runQuietly(kind: AgentKind, task: string, flags: RunFlags, name: string): Promise<void> {
  printAnswer(name, await runOne(kind, task, flags, name, { onReply: (reply) => reportReply(name, reply) }));
}

async function runJson(kind: AgentKind, task: string, flags: RunFlags, name: string): Promise<void> {
  const replies: ChatReply[] = [];
  const answer = await runOne(kind, task, flags, name, { onReply: (reply) => replies.push(reply) });
  printJson(name, answer, replies);
}

function runOne(kind: AgentKind, task: string, flags: RunFlags, name: string, options: RunOptions): Promise<string> {
  return withClient(flags, name, async (client) => {
    const agent = await AGENTS[kind](client, flags);
    try {
      return await agent.run(task, options);
    } finally {
      await agent.close();
    }
  });
}
