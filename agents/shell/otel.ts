import { createRequire } from 'node:module';
import { trace } from '@opentelemetry/api';
import type { TracerConfig } from '@opentelemetry/sdk-trace-base';
import { SyscallError } from '../../syscalls/errors.js';

/** What `--otel` needs beside the kernel's own packages. */
const SDK = '@opentelemetry/sdk-trace-base';
const EXPORTER = '@opentelemetry/exporter-trace-otlp-http';

/** Says what the spans are of. The SDK depends on the package that makes it, and does not export it. */
interface Resources {
  resourceFromAttributes(attributes: Readonly<Record<string, string>>): NonNullable<TracerConfig['resource']>;
}

/**
 * Sends the kernel's spans to an OTLP collector. Address, headers and sampler come from the variables that OpenTelemetry has for
 * them, such as OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_TRACES_SAMPLER; the name from OTEL_SERVICE_NAME.
 *
 * @returns sends what is left, and stops
 * @throws SyscallError `invalid-config` where the packages are missing
 */
export async function startTracing(): Promise<() => Promise<void>> {
  const { sdk, exporter, resources } = await loadPeers();
  const name = process.env['OTEL_SERVICE_NAME'] || 'eccos-kernel';
  const provider = new sdk.BasicTracerProvider({
    resource: resources.resourceFromAttributes({ 'service.name': name }),
    spanProcessors: [new sdk.BatchSpanProcessor(new exporter.OTLPTraceExporter())],
  });
  trace.setGlobalTracerProvider(provider);
  return () => provider.shutdown();
}

async function loadPeers() {
  try {
    const [sdk, exporter] = await Promise.all([
      import('@opentelemetry/sdk-trace-base'),
      import('@opentelemetry/exporter-trace-otlp-http'),
    ]);
    const own = createRequire(createRequire(import.meta.url).resolve(SDK));
    return { sdk, exporter, resources: own('@opentelemetry/resources') as Resources };
  } catch (cause) {
    const message = `--otel: Expected packages that are not installed; run npm install ${SDK} ${EXPORTER}`;
    throw new SyscallError('invalid-config', message, { cause });
  }
}
