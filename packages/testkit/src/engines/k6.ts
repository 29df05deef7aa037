/** Where k6 comes from: the load generator that runs the scripts of `load/`. */
import { execFile } from 'node:child_process';
import { setPriority } from 'node:os';
import type { Engine } from './engine.ts';

const version = '1.8.1';
const buildDeadlineMs = 900_000;
// The build shares the machine with whoever works on it.
const lowestPriority = 19;
const lastOutput = 600;

/** Version 1.0 and later run TypeScript as it is. */
export const k6: Engine = {
  command: 'k6',
  variable: 'K6',
  versionArguments: ['version'],
  versionPattern: /k6(?:\.exe)? v(\d+\.\d+\.\d+)/,
  atLeast: '1.0.0',
  advice:
    'install k6 (https://grafana.com/docs/k6), name it in K6, or install Go, with which "make test-engines" makes it',
  made: { version, make: buildWithGo },
};

/** The module of exactly this version from Go's module proxy, checked against Go's checksum database. */
function buildWithGo(folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'go',
      ['install', `go.k6.io/k6@v${version}`],
      {
        env: { ...env, GOBIN: folder, CGO_ENABLED: '0' },
        timeout: buildDeadlineMs,
        maxBuffer: 64 * 1024 * 1024,
      },
      (error, _stdout, stderr) => {
        if (error === null) resolve();
        else if (error.code === 'ENOENT')
          reject(new Error('go was not found; install Go (https://go.dev/dl)'));
        else
          reject(
            new Error(`go install ended with ${error.code ?? error.signal}: ${stderr.slice(-lastOutput)}`),
          );
      },
    );
    if (child.pid !== undefined) setPriority(child.pid, lowestPriority);
  });
}
