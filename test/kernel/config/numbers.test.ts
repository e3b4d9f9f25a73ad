import { describe, expect, onTestFinished, test } from 'vitest';
import { connect } from '../../../agents/sdk/client.js';
import { realPlatform } from '../../../agents/sdk/platform.js';
import { bootKernel, configJsonSchema, type KernelConfig } from '../../../kernel/boot.js';
import { checkConfig } from '../../../kernel/config/config.js';

/** What passes as a number, and what timers, buffers and Node's own options do not all take. */
const ODD = [0, 0.4, 1, 2500.5, 2501, 1e6 + 0.1, 2 ** 31 - 1, 2 ** 31, 3e9, 2 ** 32, 2 ** 53 - 1, 1e308];

const CORE = {
  id: 'a',
  kind: 'simulated',
  price: { inputPerMTok: 1, outputPerMTok: 2 },
  ttftMs: 1,
  prefillSpeed: 'unlimited',
  decodeSpeed: 'unlimited',
  answerTokens: { median: 3, spread: 0 },
};

interface Member {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Member>>;
}

/** Paths of all numbers in a schema. */
function numbersOf({ type, properties }: Member, path: readonly string[]): (readonly string[])[] {
  if (type === 'number' || type === 'integer') return [path];
  return Object.entries(properties ?? {}).flatMap(([name, member]) => numbersOf(member, [...path, name]));
}

const { limits, listen } = (configJsonSchema() as Required<Member>).properties;
const PATHS = [...numbersOf(limits ?? {}, ['limits']), ...numbersOf(listen ?? {}, ['listen'])];

/** A config whose member at the path is the value; undefined where it is refused, by the name of the member. */
function configWith(path: readonly string[], value: number): KernelConfig | undefined {
  const member = path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as { listen?: object };
  const input = { ...member, listen: { port: 0, ...member.listen }, log: { level: 'silent' }, cores: [CORE] };
  try {
    return checkConfig(input, 'test');
  } catch (error) {
    expect((error as Error).message).toContain(path.slice(0, 2).join('.'));
    return undefined;
  }
}

test('there are numbers to try', () => expect(PATHS.length).toBeGreaterThan(20));

describe.each(PATHS.map((path) => [path.join('.'), path] as const))('%s', (name, path) => {
  test.each(ODD)('%d is refused by the check, or the kernel boots with it and answers', async (value) => {
    const config = configWith(path, value);
    // A port that others may have is no fault of the number.
    if (config === undefined || (name === 'listen.port' && value > 0)) return;
    const warnings: Error[] = [];
    // Other warnings may be due to what another test of this process has left behind.
    const heard = (warning: Error) => void (warning.name.startsWith('Timeout') && warnings.push(warning));
    process.on('warning', heard);
    const kernel = await bootKernel(config);
    try {
      const { url } = await kernel.listen();
      // Limits that are tight on purpose may well refuse the client; the kernel goes on.
      const client = await connect({ url, name: 'a', reconnect: false, connectTimeoutMs: 300 }).catch(() => undefined);
      await client?.chat({ messages: [{ role: 'user', content: 'x' }], stream: true }).catch(() => {});
      await client?.close();
      expect((await kernel.connect({ name: 'b' }).call('kernel.stats', {})).policy).toBe('fifo');
    } finally {
      await kernel.stop();
      process.off('warning', heard);
    }
    expect(warnings).toEqual([]);
  });
});

test('a client that is to wait for longer than a timer takes does not give up at once', async () => {
  const kernel = await bootKernel(
    checkConfig({ listen: { port: 0 }, log: { level: 'silent' }, cores: [CORE] }, 'test'),
  );
  onTestFinished(() => kernel.stop());
  const { url } = await kernel.listen();
  const client = await connect({ url, name: 'a', connectTimeoutMs: 3e9 });
  await client.close();
  let ran = false;
  const cancel = realPlatform.after(Number.POSITIVE_INFINITY, () => {
    ran = true;
  });
  await new Promise((resolve) => realPlatform.after(20, () => resolve(undefined)));
  cancel();
  expect(ran).toBe(false);
});
