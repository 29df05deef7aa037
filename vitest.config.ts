/**
 * Test runs: `tidy` and `unit` need nothing; `database` is every `*.db.test.ts`, on one embedded PostgreSQL; `engines`
 * and `kubernetes` are every `*.engine.test.ts`, against programs that a machine need not have.
 */
import { defineConfig } from 'vitest/config';

const folders = [
  'packages',
  'services',
  'standalone',
  'cli',
  'bench',
  'load',
  'operator',
  'examples',
  'tests',
];
const everywhere = (ending: string): string[] => folders.map((folder) => `${folder}/**/*${ending}`);
const common = { pool: 'threads', testTimeout: 30_000, hookTimeout: 60_000 } as const;
const never = ['**/node_modules/**'];
const onKubernetes = ['operator/**/*.engine.test.ts', 'packages/testkit/src/engines/kube*.engine.test.ts'];
const engines = {
  ...common,
  globalSetup: ['packages/testkit/src/engines/obtain-engines.ts'],
  testTimeout: 120_000,
  hookTimeout: 120_000,
};

export default defineConfig({
  test: {
    projects: [
      { test: { ...common, name: 'tidy', include: ['tests/tidy/**/*.test.ts'], exclude: never } },
      {
        test: {
          ...common,
          name: 'unit',
          include: everywhere('.test.ts'),
          exclude: [
            ...never,
            'tests/tidy/**',
            ...everywhere('.db.test.ts'),
            ...everywhere('.engine.test.ts'),
          ],
        },
      },
      {
        test: {
          ...common,
          name: 'database',
          include: everywhere('.db.test.ts'),
          exclude: never,
          globalSetup: ['packages/testkit/src/global-setup.ts'],
        },
      },
      {
        test: {
          ...engines,
          name: 'engines',
          include: everywhere('.engine.test.ts'),
          exclude: [...never, ...onKubernetes],
          // One at a time: each measures, or fills the machine with load.
          fileParallelism: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...engines,
          name: 'kubernetes',
          include: onKubernetes,
          exclude: never,
          // Each file has a control plane of its own, and mostly waits for instants to come.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
