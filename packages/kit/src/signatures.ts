/** RS256 signatures of many tokens at once: a share of each batch is checked in a thread of its own. */
import { verify, type KeyObject } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { monotonicMs, withDeadline } from './clock.ts';
import type { Asked, Told } from './signature-thread.ts';

/** A compact token (RFC 7515, 7.1) and the key that should have signed it. */
export type Signed = { token: string; key: KeyObject };

export type SignatureChecker = {
  /** Whether each is signed, in order. Never rejects. */
  check: (tokens: readonly Signed[]) => Promise<readonly boolean[]>;
};

// Handing over costs some 30 us a batch: below this it is more than it saves.
const smallestShared = 8;
const threadDeadlineMs = 1_000;
const threadRestMs = 10_000;
// It holds the batch and nothing else, and must not take the large young generation of the process.
const threadLimits = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 32 };

/** Checks each signature here and now, in a row; false for anything that is not a signed token. */
export function areSigned(tokens: readonly Signed[]): boolean[] {
  return tokens.map(({ token, key }) => {
    const end = token.lastIndexOf('.');
    try {
      const signed = Buffer.from(token.slice(0, end), 'latin1');
      return verify('RSA-SHA256', signed, key, Buffer.from(token.slice(end + 1), 'base64url'));
    } catch {
      return false; // OpenSSL refuses the key or the form of the signature: it is not valid.
    }
  });
}

/**
 * A checker that gives the first half of a batch to one thread and does the other half meanwhile. An RSA
 * signature takes 20 us, a third of what a reservation costs the event loop. The thread starts with the first
 * batch that is worth it; when it cannot start, is lost or late, everything is checked here, and another one
 * is tried after ten seconds: where threads are refused or starved, each would cost more than it saves.
 */
export function createSignatureChecker(useThread = availableParallelism() > 1): SignatureChecker {
  let thread: Thread | null = null;
  let nextStartAtMs = 0;
  /** Batches of a lost thread fail one after the other; the later ones must not give up its successor. */
  function giveUp(lost: Thread | null): void {
    if (thread !== lost) return;
    thread = null;
    nextStartAtMs = monotonicMs() + threadRestMs;
  }
  async function checkInThread(tokens: readonly Signed[]): Promise<readonly boolean[]> {
    let asked = thread;
    try {
      asked ??= startThread(() => giveUp(asked));
      thread = asked;
      return await asked.check(tokens);
    } catch {
      giveUp(asked);
      return areSigned(tokens);
    }
  }
  return {
    check: async (tokens) => {
      const isResting = thread === null && monotonicMs() < nextStartAtMs;
      if (!useThread || isResting || tokens.length < smallestShared) return areSigned(tokens);
      const half = Math.ceil(tokens.length / 2);
      const told = checkInThread(tokens.slice(0, half));
      const own = areSigned(tokens.slice(half));
      return [...(await told), ...own];
    },
  };
}

type Waiting = { resolve: (told: readonly boolean[]) => void; reject: (error: Error) => void };
type Thread = { check: (tokens: readonly Signed[]) => Promise<readonly boolean[]> };

/** Throws where the system has no thread to give; `onEnd` is called when this one is no more. */
function startThread(onEnd: () => void): Thread {
  const worker = new Worker(new URL('./signature-thread.ts', import.meta.url), {
    resourceLimits: threadLimits,
    // Profiling and the like is asked of the process; flags of V8 hold for all of it anyway.
    execArgv: [],
  });
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  function fail(error: Error): void {
    onEnd();
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  }
  worker.unref();
  worker.on('message', ({ id, valid }: Told) => {
    waiting.get(id)?.resolve(valid);
    waiting.delete(id);
  });
  worker.on('error', fail);
  worker.on('messageerror', fail);
  worker.on('exit', () => fail(new Error('the thread of signatures ended')));
  return {
    check: async (tokens) => {
      lastId += 1;
      const asked: Asked = { id: lastId, tokens };
      try {
        worker.postMessage(asked);
        const told = new Promise<readonly boolean[]>((resolve, reject) =>
          waiting.set(asked.id, { resolve, reject }),
        );
        return await withDeadline(told, threadDeadlineMs, 'a batch of signatures');
      } catch (error) {
        void worker.terminate();
        throw error;
      }
    },
  };
}
