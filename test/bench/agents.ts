import { type Client, connect } from '../../agents/sdk/client.js';
import { memoryOf, serve } from './child.js';

const AGENTS = 2000;
const HOLD_SECONDS = 35;

/** 2,000 idle agents held over a heartbeat: memory of the kernel for each, and how many were dropped. */
export async function run(): Promise<void> {
  const served = await serve('kernel', undefined);
  const before = await memoryOf(served);
  const clients: Client[] = [];
  for (let n = 0; n < AGENTS; n++)
    clients.push(await connect({ url: served.url, name: `agent-${n}`, reconnect: false }));
  const after = await memoryOf(served);
  await new Promise((resolve) => setTimeout(resolve, HOLD_SECONDS * 1000));
  const answered = await Promise.allSettled(clients.map((client) => client.stats()));
  const dropped = answered.filter(({ status }) => status === 'rejected').length;
  console.log(
    `${AGENTS} idle agents: ${((after - before) / AGENTS / 1024).toFixed(1)} KB of resident memory each, ${dropped} dropped after ${HOLD_SECONDS} s`,
  );
  await Promise.all(clients.map((client) => client.close()));
  served.child.kill();
}
