/** Runs one program of a test to its end and answers what it printed; a failure says what it complained of. */
import { execFile } from 'node:child_process';

export type RunOptions = {
  stdin?: string;
  env?: Readonly<Record<string, string | undefined>>;
  cwd?: string;
  deadlineMs?: number;
};

/** The program ended with another code than 0, or not in time. */
export class ProgramFailed extends Error {
  readonly stdout: string;
  readonly stderr: string;
  constructor(message: string, stdout: string, stderr: string) {
    super(message);
    this.name = 'ProgramFailed';
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

const usualDeadlineMs = 30_000;
const maxOutputBytes = 64 * 1024 * 1024;
const quotedCharacters = 3_000;

/** Rejects with `ProgramFailed`. It gets SIGKILL when its time is up. */
export function runProgram(
  program: string,
  args: readonly string[],
  { stdin, env, cwd, deadlineMs = usualDeadlineMs }: RunOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      [...args],
      {
        timeout: deadlineMs,
        killSignal: 'SIGKILL',
        maxBuffer: maxOutputBytes,
        ...(env === undefined ? {} : { env }),
        ...(cwd === undefined ? {} : { cwd }),
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const how =
          error.killed === true
            ? `did not end in ${deadlineMs} ms`
            : `ended with ${error.code ?? error.signal}`;
        const said = `${stderr}${stderr === '' ? stdout : ''}`.trim().slice(-quotedCharacters);
        reject(new ProgramFailed(`${program} ${args.slice(0, 3).join(' ')} ${how}: ${said}`, stdout, stderr));
      },
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(stdin ?? '');
  });
}
