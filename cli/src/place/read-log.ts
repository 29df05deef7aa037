/** Reads the standalone platform's log: its last lines, then what comes. */
import { open, stat } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { pause } from '@evently/kit/clock';
import { CommandError } from '../command-error.ts';

export type LogReading = {
  file: string;
  /** Lines of this one only; null is everybody's. */
  service: string | null;
  /** Of what is there already, the last so many. */
  lines: number;
  /** Goes on until it aborts; null ends after what there is. */
  follow: AbortSignal | null;
  write: (line: string) => void;
};

const pollMs = 200;
const chunkBytes = 64 * 1024;
const maxLineCharacters = 1_000_000;

/** A file that became shorter was begun anew, as the next start does with a large one. */
export async function readLog({ file, service, lines, follow, write }: LogReading): Promise<void> {
  const isWanted = (line: string): boolean => line !== '' && (service === null || writerOf(line) === service);
  const older: string[] = [];
  let reading = await readFrom(file, begin(), (line) => {
    if (!isWanted(line)) return;
    older.push(line);
    if (older.length > lines) older.shift();
  });
  for (const line of older) write(line);
  while (follow !== null && !follow.aborted) {
    await pause(pollMs, follow);
    reading = await readFrom(file, reading, (line) => {
      if (isWanted(line)) write(line);
    });
  }
}

type Reading = { at: number; decoder: StringDecoder; rest: string };

function begin(): Reading {
  return { at: 0, decoder: new StringDecoder('utf8'), rest: '' };
}

/** Hands on every whole line behind `from`; a line that is still being written stays for the next time. */
async function readFrom(file: string, from: Reading, hand: (line: string) => void): Promise<Reading> {
  const size = await sizeOf(file);
  const reading = size < from.at ? begin() : from;
  if (size === reading.at) return reading;
  const handle = await open(file);
  try {
    const buffer = Buffer.alloc(chunkBytes);
    while (reading.at < size) {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(chunkBytes, size - reading.at), reading.at);
      if (bytesRead === 0) break;
      reading.at += bytesRead;
      const lines = (reading.rest + reading.decoder.write(buffer.subarray(0, bytesRead))).split('\n');
      reading.rest = (lines.pop() ?? '').slice(-maxLineCharacters);
      for (const line of lines) hand(line);
    }
  } finally {
    await handle.close();
  }
  return reading;
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw new CommandError(`${file} cannot be read (${error.code ?? error.message}).`);
  });
  return found?.size ?? 0;
}

/** The service that wrote the line; null for a line that is not a log's. */
function writerOf(line: string): string | null {
  return /"service":"([^"]+)"/.exec(line)?.[1] ?? null;
}
