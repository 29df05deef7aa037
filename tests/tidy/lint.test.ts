import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import { quantile } from './source-rules.ts';
import { root } from './tree.ts';

const run = promisify(execFile);
const lintSeconds = 30;
const maxOutputBytes = 64 * 1024 * 1024;
const reportSchema = z.looseObject({
  diagnostics: z.array(
    z.looseObject({ code: z.string().optional(), filename: z.string(), message: z.string() }),
  ),
});
type Diagnostic = z.output<typeof reportSchema>['diagnostics'][number];

const scratch: string[] = [];
afterAll(() => Promise.all(scratch.map((folder) => rm(folder, { recursive: true, force: true }))));

async function lint(folder: string, args: readonly string[]): Promise<Diagnostic[]> {
  const oxlint = path.join(root, 'node_modules/.bin/oxlint');
  const options = { cwd: folder, timeout: lintSeconds * 1000, maxBuffer: maxOutputBytes };
  const { stdout } = await run(oxlint, ['-f', 'json', ...args], options).catch((error: unknown) => {
    // It exits 1 when it found something; the report is on its output all the same.
    if (
      error instanceof Error &&
      'stdout' in error &&
      typeof error.stdout === 'string' &&
      error.stdout !== ''
    )
      return { stdout: error.stdout };
    throw error;
  });
  return reportSchema.parse(JSON.parse(stdout)).diagnostics;
}

/** A tree with the project's rules and one file; answers the rules that the file breaks. */
async function rulesBrokenBy(at: string, text: string): Promise<string[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'evently-lint-'));
  scratch.push(folder);
  await cp(path.join(root, '.oxlintrc.json'), path.join(folder, '.oxlintrc.json'));
  await cp(path.join(root, 'tsconfig.json'), path.join(folder, 'tsconfig.json'));
  await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  await mkdir(path.dirname(path.join(folder, at)), { recursive: true });
  await writeFile(path.join(folder, at), text);
  const found = await lint(folder, [at]);
  return found.map((one) => one.code ?? one.message);
}

const layerBreaks: readonly [name: string, at: string, text: string][] = [
  [
    'domain knows no store',
    'services/x/src/domain/coat.ts',
    "import { lockCoat } from '../store/coats.ts';\nlockCoat();\n",
  ],
  [
    'domain knows no database',
    'services/x/src/domain/coat.ts',
    "import { Pool } from 'pg';\nexport const pool = Pool;\n",
  ],
  [
    'domain knows no clock',
    'services/x/src/domain/coat.ts',
    "import { pause } from '@evently/kit/clock';\nexport const wait = pause;\n",
  ],
  [
    'store calls no action',
    'services/x/src/store/coats.ts',
    "import { collectCoat } from '../actions/collect-coat.ts';\ncollectCoat();\n",
  ],
  [
    'actions know no HTTP',
    'services/x/src/actions/collect-coat.ts',
    "import { Hono } from 'hono';\nexport const app = Hono;\n",
  ],
  [
    'actions call no route',
    'services/x/src/actions/collect-coat.ts',
    "import { routes } from '../http/coats.ts';\nroutes();\n",
  ],
  [
    'jobs call no route',
    'services/x/src/jobs/sweep.ts',
    "import { routes } from '../http/coats.ts';\nroutes();\n",
  ],
  [
    'a service imports no other service',
    'services/x/src/service.ts',
    "import { y } from '@evently/booking/service';\ny();\n",
  ],
  [
    'nothing reaches into another workspace',
    'services/x/src/service.ts',
    "import { y } from '../../../packages/kit/src/app.ts';\ny();\n",
  ],
  [
    'kit knows no ticketing',
    'packages/kit/src/app.ts',
    "import { y } from '@evently/contracts/money';\ny();\n",
  ],
];

test.concurrent.for(layerBreaks)('a layer rule is kept: %s', async ([, at, text], context) => {
  context.expect(await rulesBrokenBy(at, text)).toContain('eslint(no-restricted-imports)');
});

const ruleBreaks: readonly [rule: string, text: string][] = [
  ['typescript(no-floating-promises)', 'async function f(): Promise<void> {}\nf();\n'],
  ['typescript(no-explicit-any)', 'export const x: any = 1;\n'],
  ['typescript(consistent-type-assertions)', "export const x = JSON.parse('1') as number;\n"],
  ['typescript(no-non-null-assertion)', 'export const x = [1][0]!;\n'],
  [
    'typescript(switch-exhaustiveness-check)',
    "export function f(x: 'a' | 'b'): void {\n  switch (x) {\n    case 'a':\n      f('b');\n  }\n}\n",
  ],
  ['eslint(no-restricted-properties)', 'export const x = Date.now() + Math.random();\n'],
  ['eslint(no-restricted-globals)', 'setTimeout(String, 1);\n'],
  ['eslint(no-console)', "console.log('x');\n"],
  ['eslint(max-lines-per-function)', `export function f(): void {\n${'  String(1);\n'.repeat(70)}}\n`],
  ['typescript(consistent-type-imports)', "import { Buffer } from 'node:buffer';\nexport type X = Buffer;\n"],
];

test.concurrent.for(ruleBreaks)('the linter refuses: %s', async ([rule, text], context) => {
  context.expect(await rulesBrokenBy('services/x/src/actions/act.ts', text)).toContain(rule);
});

test('functions stay short: 40 lines for nine in ten', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'evently-lint-'));
  scratch.push(folder);
  const config = path.join(folder, 'sizes.json');
  const rule = ['error', { max: 0, skipBlankLines: true, skipComments: true }];
  await writeFile(
    config,
    JSON.stringify({ categories: { correctness: 'off' }, rules: { 'eslint/max-lines-per-function': rule } }),
  );
  const found = await lint(root, [
    '-c',
    config,
    '--ignore-pattern',
    '**/*.test.ts',
    '--ignore-pattern',
    '**/test/**',
    'packages',
    'services',
    'standalone',
    'cli',
    'operator',
  ]);
  const sizes = found.map((one) => Number(/too many lines \((\d+)\)/.exec(one.message)?.[1]));
  expect(sizes.length).toBeGreaterThan(100);
  expect(sizes.every((size) => size > 0)).toBe(true);
  expect(quantile(sizes, 0.9)).toBeLessThanOrEqual(40);
});
