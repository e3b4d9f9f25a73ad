import fc from 'fast-check';

/** Property tests draw the same cases at every run; `SEED=n npx vitest run FILE` draws others. */
fc.configureGlobal({ seed: Number(process.env['SEED'] ?? 1) });
