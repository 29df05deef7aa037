/** One platform per data folder: a local socket that lives exactly as long as the process that holds it. */
import { createHash } from 'node:crypto';
import { stat, unlink } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { reasonOf, StandaloneFailure } from '../failure.ts';

/** Who holds a folder; `address` is null until its gateway listens. */
export type Holder = { pid: number; address: string | null };
export type Lock = { describe: (holder: Holder) => void; release: () => Promise<void> };

const holderSchema = z.object({ pid: z.int(), address: z.string().nullable() });
const answerMs = 2_000;
const maxAnswerBytes = 4_096;

/** Takes the folder, or says who has it. */
export async function lockFolder(
  folder: string,
): Promise<{ ok: true; lock: Lock } | { ok: false; holder: Holder | null }> {
  const socketPath = await socketPathOf(folder);
  const first = await bind(socketPath);
  if (first !== null) return { ok: true, lock: first };
  const holder = await askHolder(socketPath);
  if (holder !== 'nobody') return { ok: false, holder };
  // The file of a killed process. On Linux there are no such files, and this is never reached.
  await unlink(socketPath).catch(() => {});
  const second = await bind(socketPath);
  return second === null ? { ok: false, holder: null } : { ok: true, lock: second };
}

/** Who holds the folder now; null when nobody does. */
export async function holderOf(folder: string): Promise<Holder | null> {
  const holder = await askHolder(await socketPathOf(folder));
  return holder === 'nobody' ? null : holder;
}

/**
 * On Linux a name in the abstract namespace: it belongs to no file system, so it has no length of a path
 * to fear, and the kernel removes it with its process, however that ends. Elsewhere a socket file. The name
 * is that of the folder itself (device and inode), whatever path leads to it.
 */
async function socketPathOf(folder: string): Promise<string> {
  const { dev, ino } = await stat(folder, { bigint: true });
  const name = `evently-${createHash('sha256').update(`${dev}:${ino}`).digest('hex').slice(0, 24)}`;
  if (process.platform === 'linux') return `\0${name}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`;
  return path.join(tmpdir(), `${name}.sock`);
}

function bind(socketPath: string): Promise<Lock | null> {
  let present: Holder = { pid: process.pid, address: null };
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(JSON.stringify(present));
  });
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      if (reasonOf(error) === 'EADDRINUSE') resolve(null);
      else
        reject(
          new StandaloneFailure(`The data folder cannot be locked (${reasonOf(error)}).`, { cause: error }),
        );
    });
    server.listen(socketPath, () =>
      resolve({
        describe: (holder) => {
          present = holder;
        },
        release: () => new Promise((done) => server.close(() => done())),
      }),
    );
  });
}

function askHolder(socketPath: string): Promise<Holder | 'nobody'> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    let answer = '';
    socket.setTimeout(answerMs, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('utf8');
      if (answer.length > maxAnswerBytes) socket.destroy();
    });
    // Refused or missing: a name without a process behind it.
    socket.on('error', () => resolve('nobody'));
    socket.on('close', () => resolve(parseHolder(answer)));
  });
}

function parseHolder(answer: string): Holder {
  try {
    return holderSchema.parse(JSON.parse(answer));
  } catch {
    return { pid: 0, address: null }; // Something holds the name and does not say who it is.
  }
}
