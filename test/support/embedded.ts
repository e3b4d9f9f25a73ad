import { type BootedKernel, type BootOptions, bootKernel, defaultConfig } from '../../kernel/boot.js';

/** The five simulated cores of a boot without a config file, at 1,000 tokens a second, on any free port. The caller stops it. */
export async function bootEmbedded(
  options?: BootOptions,
): Promise<{ readonly kernel: BootedKernel; readonly url: string }> {
  const config = defaultConfig();
  const cores = config.cores.map((core) => ({ ...core, ttftMs: 10, decodeSpeed: 1000 }));
  const kernel = await bootKernel(
    { ...config, cores, listen: { ...config.listen, port: 0 }, log: { ...config.log, level: 'silent' } },
    options,
  );
  return { kernel, url: (await kernel.listen()).url };
}
