import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { type BootedKernel, bootKernel, defaultConfig, type KernelConfig, loadConfig } from '../../kernel/boot.js';
import { createLogger, type Logger } from '../../kernel/log.js';
import { Recorder } from '../../kernel/outcomes/recorder.js';
import { loadPolicyModule } from '../../schedulers/load-module.js';
import { parsePolicy, policyNames } from '../../schedulers/registry.js';
import { SyscallError } from '../../syscalls/errors.js';
import { wholeNumber } from '../terminal/arguments.js';
import { out } from '../terminal/printer.js';
import { renderBoot } from './boot-screen.js';
import { DEFAULT_FILE } from './config.js';
import { startTracing } from './otel.js';
import { exitOnUncaught, stopSignal } from './signals.js';

interface BootFlags {
  readonly policy?: string;
  readonly policyModule?: string;
  readonly config?: string;
  readonly port?: number;
  readonly host?: string;
  readonly insecureLan?: true;
  readonly record?: string;
  readonly recordPrompts?: true;
  readonly otel?: true;
  readonly otelAgents?: true;
  readonly otelContent?: true;
}

/** Adds `eccos boot`. */
export function registerBoot(program: Command): void {
  program
    .command('boot')
    .description('boot a kernel; SIGHUP reloads caps, limits and tokens, SIGTERM and SIGINT drain it')
    .option(
      '--policy <name>',
      `${policyNames().join(', ')}, or name:key=value (default: ECCOS_POLICY, else that of the config)`,
    )
    .addOption(
      new Option('--policy-module <file>', 'a policy from a JavaScript file that exports what makes it').conflicts(
        'policy',
      ),
    )
    .option('--config <file>', 'eccos.yaml (default: five simulated cores)')
    .option('--port <n>', '0 takes a free one', wholeNumber(0, 65_535))
    .option('--host <address>', 'any but loopback needs a token and TLS, or --insecure-lan')
    .option('--insecure-lan', 'listen beyond loopback without token and TLS')
    .option('--record <file>', 'append every rated call to this outcome file')
    .option('--record-prompts', 'with their prompts, else with hashes of them')
    .option('--otel', 'send traces to an OTLP collector, as the OTEL_ variables of the environment say')
    .option('--otel-agents', 'with a span for each agent (telemetry.agents)')
    .option('--otel-content', 'with what was asked and answered (telemetry.content)')
    .action(async (flags: BootFlags, command: Command) => {
      if (flags.recordPrompts && flags.record === undefined) {
        command.error('error: --record-prompts: Expected --record with it', { code: 'eccos.usage' });
      }
      await boot(flags);
    });
}

async function boot(flags: BootFlags): Promise<void> {
  const config = await configOf(flags);
  const stopTracing = flags.otel ? await startTracing() : undefined;
  const { policyModule } = flags;
  const policy = policyModule === undefined ? undefined : (await loadPolicyModule(policyModule)).create();
  const log = createLogger(config.log);
  exitOnUncaught(log);
  if (flags.config === undefined && existsSync(DEFAULT_FILE)) {
    log.warn(`${DEFAULT_FILE} is in this folder and is not used: name it with --config`);
  }
  const stopped = stopSignal();
  const booting = bootKernel(config, { log, ...(policy === undefined ? {} : { policy }) });
  const kernel = await Promise.race([booting, stopped.then(() => undefined)]);
  // Nobody is served yet, so there is nothing to drain; what a policy does at boot may never end.
  if (kernel === undefined) {
    log.info({ signal: await stopped }, 'stopped before it had booted');
    process.exit();
  }
  process.on('SIGHUP', () => void reload(flags, kernel, log));
  kernel.lost?.addEventListener('abort', () => {
    log.error('another node has taken over: this one ends, to be started again as its standby');
    process.exit(1);
  });
  const { record, recordPrompts = false } = flags;
  const recorder =
    record === undefined ? undefined : await Recorder.start(kernel.events, record, { log, prompts: recordPrompts });
  const { url } = await kernel.listen();
  const recording = record === undefined ? [] : [`recording to ${record}${recordPrompts ? ', with prompts' : ''}`];
  out(renderBoot(url, kernel, config, recording));
  log.info({ signal: await stopped }, 'draining');
  await kernel.stop();
  await recorder?.stop();
  await stopTracing?.().catch((err: unknown) => log.error({ err }, 'the last spans were not sent'));
}

/** The config of the file or the embedded one, with what flags and environment say in its place. */
async function configOf(flags: BootFlags): Promise<KernelConfig> {
  const { config, policy, port, host, insecureLan, otelAgents, otelContent } = flags;
  const base = config === undefined ? defaultConfig() : await loadConfig(config);
  const { listen, telemetry } = base;
  return {
    ...base,
    policy: policyOf(policy, base.policy),
    listen: {
      ...listen,
      port: port ?? listen.port,
      host: host ?? listen.host,
      insecureLan: insecureLan ?? listen.insecureLan,
    },
    telemetry: {
      ...telemetry,
      agents: otelAgents ?? telemetry.agents,
      content: otelContent ?? telemetry.content,
    },
  };
}

/** Of the flag, else of the environment, else of the config. @throws SyscallError `invalid-config` that names where it stands */
function policyOf(flag: string | undefined, usual: string): string {
  const [source, spec = ''] = flag === undefined ? ['ECCOS_POLICY', process.env['ECCOS_POLICY']] : ['--policy', flag];
  if (spec === '' && flag === undefined) return usual;
  try {
    parsePolicy(spec);
    return spec;
  } catch (error) {
    throw new SyscallError('invalid-config', `${source}: ${(error as Error).message}`);
  }
}

/** A config with a fault changes nothing. */
async function reload(flags: BootFlags, kernel: BootedKernel, log: Logger): Promise<void> {
  const { config: file } = flags;
  if (file === undefined) {
    log.warn('SIGHUP: there is no config file to read again');
    return;
  }
  try {
    kernel.reload(await configOf(flags));
    log.info({ file }, 'reloaded caps, limits and tokens');
  } catch (error) {
    log.error({ file, code: SyscallError.from(error).code }, `not reloaded: ${SyscallError.from(error).message}`);
  }
}
