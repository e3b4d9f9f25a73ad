import { type BootedKernel, configJsonSchema, type KernelConfig } from '../../kernel/boot.js';
import { renderTable } from '../terminal/table.js';
import { renderCores } from './cores.js';

/** The part of a JSON Schema that this screen reads. */
interface Described {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Described>>;
}

/** What runs, where, and under which limits: all of it on one screen. */
export function renderBoot(url: string, kernel: BootedKernel, config: KernelConfig, more: readonly string[]): string {
  const { limits } = (configJsonSchema() as Described).properties ?? {};
  const { policy } = kernel.stats();
  return [
    `eccos kernel on ${url}, policy ${policy}, process ${process.pid}\n`,
    `dashboard ${url.replace(/^ws/, 'http')}/ui/\n`,
    ...[accessOf(config), ...more].map((line) => `${line}\n`),
    `\n${renderCores(kernel.cores())}`,
    `\n${renderTable(['LIMIT', 'VALUE', 'WHAT'], rowsOf(config.limits, limits))}`,
  ].join('');
}

function accessOf({ auth: { tokens }, listen }: KernelConfig): string {
  const names = tokens.map(({ name }) => name).join(', ');
  const who = tokens.length === 0 ? 'no token: everybody who reaches the port is the operator' : `tokens of ${names}`;
  return `${who}${listen.insecureLan ? '; insecure LAN' : ''}`;
}

/** A row a limit; nested ones by path. */
function rowsOf(limits: object, schema: Described | undefined, prefix = ''): [string, number, string | undefined][] {
  return Object.entries(limits).flatMap(([name, value]) => {
    const described = schema?.properties?.[name];
    return typeof value === 'object'
      ? rowsOf(value, described, `${prefix}${name}.`)
      : [
          [prefix + name, value, described?.description ?? schema?.description] satisfies [
            string,
            number,
            string | undefined,
          ],
        ];
  });
}
