/** Prepares and runs one load script with a real k6 against a started platform, and reads its summary. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const root = fileURLToPath(new URL('../..', import.meta.url));
const deadlineMs = 60_000;

const summarySchema = z.object({
  passed: z.boolean(),
  arrivals: z.number(),
  dropped_iterations: z.number(),
  outcomes: z.record(z.string(), z.number()),
  house: z.object({ seats: z.number(), taken: z.number() }).nullable(),
  latency_ms: z.record(z.string(), z.record(z.string(), z.number())),
  thresholds: z.array(z.object({ metric: z.string(), expression: z.string(), ok: z.boolean() })),
});
export type LoadSummary = z.output<typeof summarySchema>;
const preparedSchema = z.looseObject({
  events: z.array(z.object({ event_id: z.string(), seats: z.number() })),
  tokens: z.array(z.string()),
});
export type PreparedRun = { file: string; events: { event_id: string; seats: number }[]; tokens: string[] };

export type Ended = { code: number; stdout: string; stderr: string };
type Environment = Readonly<Record<string, string>>;

/** Runs a program of this project to its end; a failure is its exit code, never an exception. */
export function run(file: string, args: readonly string[], env: Environment): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(file, [...args], { cwd: root, env, timeout: deadlineMs }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
  });
}

/** `env` names the platform's data folder and the sizes. */
export async function prepareRun(script: string, folder: string, env: Environment): Promise<PreparedRun> {
  const file = path.join(folder, `${script}.json`);
  const ended = await run(process.execPath, ['load/prepare.ts', script, '--out', file], env);
  if (ended.code !== 0) throw new Error(`load/prepare.ts ended with ${ended.code}: ${ended.stderr}`);
  return { file, ...preparedSchema.parse(JSON.parse(await readFile(file, 'utf8'))) };
}

/** k6's exit code (0 passed, 99 a threshold failed, 107 the script could not go on) and what the script wrote. */
export async function runScript(
  k6: string,
  script: string,
  prepared: PreparedRun,
  env: Environment,
): Promise<Ended & { summary: LoadSummary }> {
  const summaryFile = prepared.file.replace(/\.json$/, '-summary.json');
  const ended = await run(k6, ['run', '--quiet', `load/${script}.ts`], {
    ...env,
    PREPARED: prepared.file,
    SUMMARY: summaryFile,
    K6_NO_USAGE_REPORT: 'true',
    // No control port: another k6 may run on this machine.
    K6_ADDRESS: '',
  });
  const text = await readFile(summaryFile, 'utf8').catch(() => {
    throw new Error(`k6 ended with ${ended.code} and wrote no summary: ${ended.stderr}`);
  });
  return { ...ended, summary: summarySchema.parse(JSON.parse(text)) };
}

/** The thresholds that did not hold, as k6 writes them. */
export function brokenThresholds({ thresholds }: LoadSummary): string[] {
  return thresholds.filter(({ ok }) => !ok).map(({ metric, expression }) => `${metric} ${expression}`);
}
