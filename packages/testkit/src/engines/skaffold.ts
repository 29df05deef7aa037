/** Where Skaffold comes from: PATH, a file that SKAFFOLD names, or `make skaffold`, which builds it with Go. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { setPriority } from 'node:os';
import path from 'node:path';
import type { Engine } from './engine.ts';

// The newest version that builds from its module, with what its own go.mod replaces: that counts in the main module only.
const version = '2.16.1';
const packageName = 'github.com/GoogleContainerTools/skaffold/v2/cmd/skaffold';
const replaced: Readonly<Record<string, string>> = {
  'github.com/alessio/shellescape': 'v1.4.2',
  'github.com/imdario/mergo': 'v0.3.16',
  'github.com/docker/docker': 'v27.5.1+incompatible',
  'github.com/docker/cli': 'v27.5.1+incompatible',
  'github.com/spf13/viper': 'v1.19.0',
  'github.com/buildpacks/lifecycle': 'v0.20.5',
};
// Without it the program does not know which it is.
const stamp = `-X github.com/GoogleContainerTools/skaffold/v2/pkg/skaffold/version.version=v${version}`;
const buildDeadlineMs = 3_600_000;
// The build shares the machine with whoever works on it.
const lowestPriority = 19;
const lastOutput = 1_200;

export const skaffold: Engine = {
  command: 'skaffold',
  variable: 'SKAFFOLD',
  versionArguments: ['version'],
  versionPattern: /v(\d+\.\d+\.\d+)/,
  atLeast: '2.16.0',
  advice:
    'install Skaffold (https://skaffold.dev/docs/install), name it in SKAFFOLD, or run "make skaffold" once (it needs Go, and builds for some 15 minutes)',
  made: { version, make: buildWithGo },
};

/** Go checks each module against its checksum database. */
async function buildWithGo(folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  await mkdir(folder, { recursive: true });
  const module = await mkdtemp(path.join(folder, 'module-'));
  try {
    const go = (args: readonly string[]): Promise<void> => runGo(module, args, env);
    await go(['mod', 'init', 'tools.local/skaffold']);
    for (const [name, at] of Object.entries(replaced))
      await go(['mod', 'edit', '-replace', `${name}=${name}@${at}`]);
    await go(['get', `${packageName}@v${version}`]);
    await go([
      'build',
      '-trimpath',
      `-ldflags=-s -w ${stamp}`,
      '-o',
      path.join(folder, 'skaffold'),
      packageName,
    ]);
  } finally {
    await rm(module, { recursive: true, force: true });
  }
}

function runGo(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'go',
      [...args],
      { cwd, env: { ...env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod' }, timeout: buildDeadlineMs },
      (error, _stdout, stderr) => {
        if (error === null) resolve();
        else if (error.code === 'ENOENT')
          reject(new Error('go was not found; install Go (https://go.dev/dl)'));
        else reject(new Error(`go ${args[0] ?? ''} failed: ${stderr.slice(-lastOutput)}`));
      },
    );
    if (child.pid !== undefined) setPriority(child.pid, lowestPriority);
  });
}
