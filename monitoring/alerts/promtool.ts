/** Runs promtool on rules, for tests: where it comes from, and what it says of a set of cases. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { constants } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { requireEngine } from '@evently/testkit/engines/engine';
import { findKubeTools, mayUse } from '@evently/testkit/engines/kube-tools';
import { promtool } from '@evently/testkit/engines/prometheus';
import { ProgramFailed, runProgram } from '@evently/testkit/engines/run-program';
import { stringify } from 'yaml';
import type { RuleGroup } from './alert.ts';
import type { PromtoolFile } from './case-files.ts';

const deadlineMs = 110_000;

export type Verdict = { passes: boolean; says: string };

/** Beside the programs of Kubernetes where these have it, else as any other engine; missing where `CI` is set is a failure. */
export async function requirePromtool(skip: (note: string) => never): Promise<string> {
  const kube = await findKubeTools();
  if (kube.kind === 'found') {
    const beside = path.join(kube.folder, promtool.command);
    if (await mayUse(beside, constants.X_OK)) return beside;
  }
  return requireEngine(promtool, skip);
}

/** Runs it in `cwd`; what it prints is the verdict's words, whichever way it ends. */
export async function judge(program: string, args: readonly string[], cwd: string): Promise<Verdict> {
  try {
    return { passes: true, says: await runProgram(program, args, { cwd, deadlineMs }) };
  } catch (error) {
    if (!(error instanceof ProgramFailed)) throw error;
    return { passes: false, says: `${error.stdout}\n${error.stderr}\n${error.message}` };
  }
}

/** What promtool says of rules alone, in a folder of their own. */
export function checkGroups(program: string, groups: readonly RuleGroup[]): Promise<Verdict> {
  return inFolder({ 'rules.yaml': { groups } }, (folder) =>
    judge(program, ['check', 'rules', 'rules.yaml'], folder),
  );
}

/** What promtool says when it plays `cases` against `groups`, in a folder of their own. */
export function playCases(
  program: string,
  groups: readonly RuleGroup[],
  cases: PromtoolFile,
): Promise<Verdict> {
  const files = { 'rules.yaml': { groups }, 'cases.yaml': { ...cases, rule_files: ['rules.yaml'] } };
  return inFolder(files, (folder) => judge(program, ['test', 'rules', 'cases.yaml'], folder));
}

async function inFolder<T>(
  files: Readonly<Record<string, unknown>>,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'evently-rules-'));
  try {
    for (const [name, content] of Object.entries(files))
      await writeFile(path.join(folder, name), stringify(content));
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
