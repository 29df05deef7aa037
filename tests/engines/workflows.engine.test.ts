/** The workflows of `.github` under actionlint: syntax, expressions, contexts, rights, inputs of each other. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { requireEngine } from '@evently/testkit/engines/engine';
import { actionlint } from '@evently/testkit/engines/actionlint';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const root = fileURLToPath(new URL('../..', import.meta.url));
const workflows = path.join(root, '.github/workflows');
const lintMs = 60_000;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evently-workflows-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What actionlint says of `files`; other linters that a machine may have are left out, so all machines agree. */
function lint(program: string, files: readonly string[]): Promise<{ code: number; says: string }> {
  return new Promise((resolve) => {
    const args = ['-no-color', '-oneline', '-shellcheck=', '-pyflakes=', ...files];
    const child = execFile(program, args, { cwd: root, timeout: lintMs }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, says: `${stdout}${stderr}`.trim() }),
    );
  });
}

test('every workflow is one that GitHub can run', async ({ skip }) => {
  const program = await requireEngine(actionlint, skip);
  const names = (await readdir(workflows)).filter((name) => /\.ya?ml$/.test(name));
  expect(names.length).toBeGreaterThan(5);
  expect(
    await lint(
      program,
      names.map((name) => path.join(workflows, name)),
    ),
  ).toEqual({ code: 0, says: '' });
});

const scriptsSchema = z.looseObject({
  jobs: z.record(
    z.string(),
    z.looseObject({ steps: z.array(z.looseObject({ run: z.string().optional() })).default([]) }),
  ),
});

/** What bash says of a script that it only reads; expressions of GitHub are one word each. */
function readScript(script: string): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile('bash', ['-n'], { timeout: lintMs }, (_error, _stdout, stderr) => resolve(stderr));
    child.stdin?.end(script.replaceAll(/\$\{\{[^}]*\}\}/g, 'word'));
  });
}

test('every script of a workflow is one that bash can read', async () => {
  const scripts: string[] = [];
  for (const name of await readdir(workflows)) {
    const { jobs } = scriptsSchema.parse(parse(await readFile(path.join(workflows, name), 'utf8')));
    for (const { steps } of Object.values(jobs)) scripts.push(...steps.flatMap(({ run }) => run ?? []));
  }
  expect(scripts.length).toBeGreaterThan(20);
  expect(await Promise.all(scripts.map(readScript))).toEqual(scripts.map(() => ''));
  expect(await readScript('for a in b; do echo "$a"')).toContain('syntax error');
  expect(await readScript('echo "open')).toContain('unexpected EOF');
});

test.for([
  ['a context that is not there', '${{ github.ref }}', '${{ github.reff }}', 'reff'],
  ['a step output that nobody writes', 'steps.join.outputs.name', 'steps.joined.outputs.name', 'joined'],
  ['a time that never comes', "cron: '17 2", "cron: '77 2", '77'],
  ['a job that is not there', 'needs: build', 'needs: biuld', 'biuld'],
  ['a right that does not exist', 'contents: read', 'content: read', 'content'],
])('%s is found', async ([, from = '', to = '', named = ''], { skip }) => {
  const program = await requireEngine(actionlint, skip);
  for (const name of ['images.yml', 'check.yml', 'engines.yml']) {
    const text = await readFile(path.join(workflows, name), 'utf8');
    if (!text.includes(from)) continue;
    const file = path.join(folder, name);
    await writeFile(file, text.replace(from, to));
    const { code, says } = await lint(program, [file]);
    expect(code).toBe(1);
    expect(says).toContain(named);
    return;
  }
  throw new Error(`no workflow contains ${from}`);
});
