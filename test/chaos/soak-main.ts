import { type Held, soak } from './soak.js';

/** Ten minutes: `npm run soak -- [--seconds N] [--seed N]`. */
const DRIFT = 0.03;

const args = process.argv.slice(2);
const numberOf = (name: string, standard: number) => {
  const at = args.indexOf(`--${name}`);
  return at < 0 ? standard : Number(args[at + 1]);
};
const seconds = numberOf('seconds', 600);
const seed = numberOf('seed', 1 + (Date.now() % 1_000_000));
console.log(`\n== soak of ${seconds} s, seed ${seed}`);
const { calls, cuts, held } = await soak({ seconds, seed });
console.log(`${calls} calls, ${cuts} cuts`);
for (const { heapMb, resources, descriptors } of held) {
  console.log(`heap ${heapMb.toFixed(1)} MB | handles and timers ${resources} | descriptors ${descriptors}`);
}
const [base, last] = [held[0] as Held, held.at(-1) as Held];
const drift = last.heapMb / base.heapMb - 1;
const isFlat = drift <= DRIFT && last.resources <= base.resources && last.descriptors <= base.descriptors;
console.log(
  `heap ${(100 * drift).toFixed(1)} % since the third part; gate <= ${100 * DRIFT} %: ${isFlat ? 'met' : 'MISSED'}`,
);
if (!isFlat) process.exitCode = 1;
