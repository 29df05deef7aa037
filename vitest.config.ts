/** Test runs: every `*.test.ts` of the workspaces and of `tests`, on one embedded PostgreSQL. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages', 'services', 'standalone', 'cli', 'bench', 'tests'].map((folder) => `${folder}/**/*.test.ts`),
    exclude: ['**/node_modules/**'],
    globalSetup: ['packages/testkit/src/global-setup.ts'],
    pool: 'threads',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
