/** Finds the programs of other engines: named by a variable, on PATH, or made before in `.engines`. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

type Environment = Readonly<Record<string, string | undefined>>;

export type Engine = {
  /** The program as PATH knows it. */
  command: string;
  /** The variable that names a file instead; it is then that file or none. */
  variable: string;
  versionArguments: readonly string[];
  /** Its first group is the version, dotted numbers, in what the program says. */
  versionPattern: RegExp;
  atLeast: string;
  /** How a person gets it, as the end of a sentence. */
  advice: string;
  /** How it is made here, where it can be: `make` leaves `command` in `folder`. */
  made?: { version: string; make: (folder: string, env: Environment) => Promise<void> };
};

export type EngineSearch =
  { kind: 'found'; program: string; version: string } | { kind: 'missing'; reason: string };

const madeFolder = fileURLToPath(new URL('../../../../.engines', import.meta.url));
const versionDeadlineMs = 15_000;

/**
 * Looks without making anything. A program that the variable names and that does not do is `missing`, never
 * replaced by another one.
 */
export async function findEngine(engine: Engine, env: Environment = process.env): Promise<EngineSearch> {
  const named = env[engine.variable];
  if (named !== undefined && named !== '') {
    const fault = await readVersion(engine, named, env);
    return fault.kind === 'version'
      ? judge(engine, named, fault.version, `${engine.variable} names ${named}, which is version`)
      : { kind: 'missing', reason: `${engine.variable} names ${named}, which ${fault.says}` };
  }
  const inPath = await readVersion(engine, engine.command, env);
  const found =
    inPath.kind === 'version'
      ? judge(engine, engine.command, inPath.version, `${engine.command} on PATH is version`)
      : missing(engine, `${engine.command} on PATH ${inPath.says}`);
  if (found.kind === 'found') return found;
  const program = madeProgram(engine);
  if (program === null) return found;
  const made = await readVersion(engine, program, env);
  return made.kind === 'version' ? { kind: 'found', program, version: made.version } : found;
}

/** Looks, and makes the program where it can be made; `report` hears of it, as it takes minutes. */
export async function obtainEngine(
  engine: Engine,
  report: (sentence: string) => void,
  env: Environment = process.env,
): Promise<EngineSearch> {
  const search = await findEngine(engine, env);
  const { made } = engine;
  const isNamed = (env[engine.variable] ?? '') !== '';
  if (search.kind === 'found' || made === undefined || isNamed) return search;
  report(`${engine.command} ${made.version} is made once, in .engines; this takes a few minutes.`);
  await mkdir(madeFolder, { recursive: true });
  // Made aside and moved into place, so that two runs at once never meet half a program.
  const aside = await mkdtemp(path.join(madeFolder, 'making-'));
  try {
    await made.make(aside, env);
    await rename(aside, path.join(madeFolder, folderName(engine.command, made.version))).catch(ignoreTaken);
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error);
    return { kind: 'missing', reason: `${search.reason}. Making it failed: ${says}` };
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return findEngine(engine, env);
}

/** Another run was quicker; its program is the same. */
function ignoreTaken(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
}

/**
 * The program for a test. Where it is missing the test is skipped, with the reason; where `CI` is set it fails,
 * because nobody reads there what was skipped.
 */
export async function requireEngine(
  engine: Engine,
  skip: (note: string) => never,
  env: Environment = process.env,
): Promise<string> {
  const search = await findEngine(engine, env);
  if (search.kind === 'found') return search.program;
  if (isContinuousIntegration(env)) throw new Error(search.reason);
  return skip(search.reason);
}

/** Whether nobody sits in front of this run. */
export function isContinuousIntegration(env: Environment): boolean {
  return !['', '0', 'false'].includes(env['CI'] ?? '');
}

type VersionRead = { kind: 'version'; version: string } | { kind: 'none'; says: string };

function readVersion(engine: Engine, program: string, env: Environment): Promise<VersionRead> {
  return new Promise((resolve) => {
    execFile(
      program,
      [...engine.versionArguments],
      { env, timeout: versionDeadlineMs, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        const version = engine.versionPattern.exec(`${stdout}\n${stderr}`)?.[1];
        if (version !== undefined) resolve({ kind: 'version', version });
        else if (error?.code === 'ENOENT') resolve({ kind: 'none', says: 'was not found' });
        else resolve({ kind: 'none', says: 'does not say its version' });
      },
    );
  });
}

function judge(engine: Engine, program: string, version: string, introduction: string): EngineSearch {
  return isAtLeast(version, engine.atLeast)
    ? { kind: 'found', program, version }
    : missing(engine, `${introduction} ${version}`);
}

function missing(engine: Engine, reason: string): EngineSearch {
  return {
    kind: 'missing',
    reason: `${reason}; version ${engine.atLeast} or later is needed: ${engine.advice}`,
  };
}

/** Compares dotted numbers: 1.10.0 is at least 1.9. */
export function isAtLeast(version: string, least: string): boolean {
  const [given, wanted] = [version, least].map((text) => text.split('.').map(Number));
  for (const [at, number] of (wanted ?? []).entries()) {
    const difference = (given?.[at] ?? 0) - number;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function folderName(command: string, version: string): string {
  return `${command}-${version}`;
}

function madeProgram({ command, made }: Engine): string | null {
  return made === undefined ? null : path.join(madeFolder, folderName(command, made.version), command);
}
