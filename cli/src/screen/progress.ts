/** Progress for a person: one live line on a terminal, plain lines everywhere else. */
import type { WriteStream } from 'node:tty';

export type Progress = {
  /** A lasting line. */
  say: (line: string) => void;
  /** The newest state of what is going on; on a terminal it replaces the one before. */
  update: (line: string) => void;
  /** Removes the live line. */
  clear: () => void;
};

const clearLine = '\r\u001b[2K';

/** Writes to `stream` (standard error, so that the result can be piped); nothing at all when `quiet`. */
export function createProgress(
  stream: Pick<WriteStream, 'write'> & { isTTY?: boolean },
  quiet: boolean,
): Progress {
  if (quiet) return { say: () => {}, update: () => {}, clear: () => {} };
  const live = stream.isTTY === true;
  let lastPhase = '';
  return {
    say: (line) => void stream.write(`${live ? clearLine : ''}${line}\n`),
    update: (line) => {
      if (live) {
        stream.write(`${clearLine}${line}`);
        return;
      }
      // Numbers change all the time; a plain log gets one line per phase.
      const phase = line.replaceAll(/\d/g, '');
      if (phase !== lastPhase) stream.write(`${line}\n`);
      lastPhase = phase;
    },
    clear: () => void (live && stream.write(clearLine)),
  };
}
