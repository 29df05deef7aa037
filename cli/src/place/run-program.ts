/** Runs another program in this terminal, and finds out whether there is one. */
import { execFile, spawn } from 'node:child_process';
import { CommandError } from '../command-error.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const answerMs = 15_000;
const maxAnswerBytes = 16 * 1024 * 1024;

/** What a program that is missing or fails has to say, when it is run for its output. */
export type Ended = { kind: 'done'; stdout: string } | { kind: 'missing' } | { kind: 'failed'; says: string };

/** Runs `program` for what it prints; `input` goes to its standard input. Never rejects. */
export function askProgram(
  program: string,
  args: readonly string[],
  options: { env: Environment; input?: string; deadlineMs?: number },
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      [...args],
      { env: options.env, timeout: options.deadlineMs ?? answerMs, maxBuffer: maxAnswerBytes },
      (error, stdout, stderr) => {
        if (error === null) resolve({ kind: 'done', stdout });
        else if (error.code === 'ENOENT') resolve({ kind: 'missing' });
        else resolve({ kind: 'failed', says: stderr.trim() === '' ? error.message : stderr.trim() });
      },
    );
    // Its absence, or its early end, is what the callback above tells.
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
  });
}

/**
 * Runs `program` with this terminal as its own and answers its status. Ctrl-C reaches it from the terminal; it
 * decides what that means, so this process waits for it.
 */
export function handOver(program: string, args: readonly string[], env: Environment): Promise<number> {
  const ignore = (): void => {};
  process.on('SIGINT', ignore);
  return new Promise<number>((resolve, reject) => {
    const child = spawn(program, [...args], { stdio: 'inherit', env });
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        new CommandError(
          error.code === 'ENOENT' ? `${program} was not found.` : `${program} does not run: ${error.message}`,
        ),
      ),
    );
    child.on('close', (status, signal) => resolve(signal === null ? (status ?? 1) : 130));
  }).finally(() => process.off('SIGINT', ignore));
}
