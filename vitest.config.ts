import { defineConfig } from 'vitest/config';

/** Tests that measure the CPU time or the memory of their process: it holds nothing of other tests. */
const MEASURED = [
  'test/kernel/doors/ws/{fuzz,overload,flood}.test.ts',
  'test/kernel/doors/parse-json.test.ts',
  'test/kernel/cores/provider/provider-storm.test.ts',
];

/** Tests that kill machines, train, read recorded data, play thousands of calls or start many processes. `npm run test:quick` leaves them out. */
const LONG = [
  'test/install/client.test.ts',
  'test/integration/{bad-providers,cluster,crash,cuts,http-faults,ledger,promises,soak}.test.ts',
  'test/integration/{eccos-deadlines,eccos-wrong-predictor,failing-sync,foreign-numbers,own-traffic,rate-limits}.test.ts',
  'test/kernel/storm/*.test.ts',
  'test/agents/lab/compare/{batch-experiment,compare,policies,seed-threads}.test.ts',
  'test/agents/lab/evaluate/real-data.test.ts',
  'test/agents/lab/poisoning/poisoning.test.ts',
  'test/agents/lab/predictor/{cross-validate,real-data}.test.ts',
  'test/agents/shell/{boot,commands,evaluate,probe,run,train}.test.ts',
  'test/schedulers/eccos/optimizer/{highs,large}.test.ts',
  'test/schedulers/eccos/policy/stream.test.ts',
];

export default defineConfig({
  test: {
    // Threads and shell commands run what is built: it must be what is tested.
    globalSetup: ['test/support/build.ts'],
    setupFiles: ['test/support/seed.ts', 'test/support/storages.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // What comes in the end has come however slow the machine is: a second, the default, is a measurement.
    expect: { poll: { timeout: 60_000 } },
    // Optional parts of a client library that only tests use: the kernel runs without them, as after an install.
    env: { WS_NO_BUFFER_UTIL: '1', WS_NO_UTF_8_VALIDATE: '1' },
    maxWorkers: 2,
    // A worker loads a module once, not once a file, which took half of all time. A file that stubs a global restores it.
    isolate: false,
    projects: [
      {
        extends: true,
        test: { name: 'shared', include: ['test/**/*.test.ts'], exclude: [...MEASURED, ...LONG] },
      },
      { extends: true, test: { name: 'long', include: LONG } },
      { extends: true, test: { name: 'measured', include: MEASURED, isolate: true } },
    ],
  },
});
