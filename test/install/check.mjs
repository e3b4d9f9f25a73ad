// Runs in a folder into which eccos-kernel was installed: boots a kernel per policy and chats with it over a socket.
// Prints one JSON line a policy: { policy, core } or { policy, error: { name, code, message } }, and { warnings } in the end.
import { writeSync } from 'node:fs';
import { connect } from 'eccos-kernel';
import { bootKernel, defaultConfig } from 'eccos-kernel/kernel';

const say = (line) => writeSync(1, `${JSON.stringify(line)}\n`);
const warnings = [];
const quiet = () => {};
const log = { debug: quiet, info: quiet, error: quiet, trace: quiet, fatal: quiet, child: () => log };
log.warn = (...parts) => warnings.push(parts.filter((part) => typeof part === 'string').join(' '));

for (const policy of ['fifo', 'round-robin', 'eccos']) {
  try {
    const config = defaultConfig();
    const kernel = await bootKernel({ ...config, policy, listen: { ...config.listen, port: 0 } }, { log });
    const { url } = await kernel.listen();
    const client = await connect({ url, name: 'check' });
    const { core } = await client.chat({ messages: [{ role: 'user', content: 'Why is the sky blue?' }] });
    await client.close();
    await kernel.stop();
    say({ policy, core });
  } catch ({ name, code, message }) {
    say({ policy, error: { name, code, message } });
  }
}
say({ warnings });
