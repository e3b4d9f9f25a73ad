import { installAndCheck, isManager, MANAGERS } from './installed.js';
import { nodeBinary, pack } from './tools.js';

/**
 * Installs the packed package into empty folders, as a user would, and chats with kernels there. A line for each; exits with 1
 * when one fails. Needs the npm registry; each takes one to three minutes, most of it the download of onnxruntime-node.
 *
 *     npm run check:install -- npm@10/22 pnpm/24      # a package manager on a Node; none: all of both
 */
const NODES = ['20', '22', '24'];
const given = process.argv.slice(2);
const pairs = given.length > 0 ? given : NODES.flatMap((node) => MANAGERS.map((manager) => `${manager}/${node}`));

const tarball = await pack();
let failed = 0;
for (const pair of pairs) {
  const [manager = '', version = ''] = pair.split('/');
  try {
    if (!isManager(manager) || !/^\d+$/.test(version)) {
      throw new Error(`expected MANAGER/NODE with a manager of ${MANAGERS.join(', ')}, got "${pair}"`);
    }
    const node = await nodeBinary(version);
    console.log(`ok     ${manager} on Node ${version}: ${await installAndCheck({ tarball, manager, node })}`);
  } catch (error) {
    failed++;
    console.log(`FAILED ${manager} on Node ${version}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
console.log(`${pairs.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
