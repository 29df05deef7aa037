/** Makes one program with Go: the module of exactly this version, checked against Go's checksum database. */
import { execFile } from 'node:child_process';
import { setPriority } from 'node:os';

const buildDeadlineMs = 900_000;
// The build shares the machine with whoever works on it.
const lowestPriority = 19;
const lastOutput = 600;

/** Installs `packageName` at `version` (without its v) into `folder`, from Go's module proxy. */
export function installWithGo(
  packageName: string,
  version: string,
): (folder: string, env: NodeJS.ProcessEnv) => Promise<void> {
  return (folder, env) =>
    new Promise((resolve, reject) => {
      const child = execFile(
        'go',
        ['install', `${packageName}@v${version}`],
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
