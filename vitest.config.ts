/**
 * Test runs: `tidy` and `unit` need nothing; `database` is every `*.db.test.ts`, on one embedded PostgreSQL; `engines`,
 * `kubernetes` and `cluster` are every `*.engine.test.ts`, against programs that a machine need not have.
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
  'monitoring',
  'release',
  'examples',
  'tests',
];
const everywhere = (ending: string): string[] => folders.map((folder) => `${folder}/**/*${ending}`);
const common = {
  pool: 'threads',
  testTimeout: 60_000,
  hookTimeout: 120_000,
  // One second, which is the runner's own, a busy machine spends on a commit now and then.
  expect: { poll: { timeout: 20_000 } },
} as const;
const never = ['**/node_modules/**'];
const onKubernetes = ['operator/**/*.engine.test.ts', 'packages/testkit/src/engines/kube*.engine.test.ts'];
const onRealNode = ['tests/cluster/**/*.engine.test.ts'];
const engines = {
  ...common,
  globalSetup: ['packages/testkit/src/engines/obtain-engines.ts'],
  testTimeout: 120_000,
  hookTimeout: 120_000,
};

export default defineConfig({
  test: {
    // Of what runs, not of what tests it; a file that no test loads counts as not covered.
    coverage: {
      provider: 'v8',
      reporter: ['text-summary', 'lcovonly', 'cobertura'],
      include: ['{packages,services}/*/src/**/*.ts', '{standalone,cli,operator}/src/**/*.ts', 'release/*.ts'],
      exclude: ['**/*.test.ts', 'packages/testkit/**'],
    },
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
          // What lies between services is tested with a database beside the engine.
          globalSetup: [...engines.globalSetup, 'packages/testkit/src/global-setup.ts'],
          include: everywhere('.engine.test.ts'),
          exclude: [...never, ...onKubernetes, ...onRealNode],
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
      {
        test: {
          ...engines,
          name: 'cluster',
          include: onRealNode,
          exclude: never,
          // A machine can have one such node, and it takes all of the machine.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
