/** Asks for a secret on a terminal without showing what is typed. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CommandError } from '../command-error.ts';

/**
 * The line typed; refuses when standard input is no terminal, where a prompt would never be seen, and says how
 * to give it `otherwise`.
 */
export async function askSecret(prompt: string, otherwise: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new CommandError(`A password is needed and there is no terminal to ask on; ${otherwise}.`);
  }
  process.stderr.write(prompt);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
