import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Threads and shell commands run what is built: it must be what is tested.
    globalSetup: ['test/support/build.ts'],
    setupFiles: ['test/support/seed.ts'],
    // A worker loads a module once, not once a file, which took half of all time. A file that stubs a global restores it.
    isolate: false,
    testTimeout: 30_000,
    maxWorkers: 2,
  },
});
