/** Requests under way, so that a process that closes knows when nothing but event streams is left. */
import type { IncomingMessage } from 'node:http';
import { monotonicMs, pause } from './clock.ts';
import type { Listener } from './serve.ts';

export type UnderWay = {
  /** Counts what `listener` answers; event streams, which end only with their service, are left out. */
  counted: (listener: Listener) => Listener;
  /** After the port began to close: resolves when only event streams are left, or after 20 s. */
  quiet: () => Promise<void>;
};

const lateRequestsMs = 600;
const pollMs = 20;
const longestQuietMs = 20_000;

export function createUnderWay(): UnderWay {
  const active = new Set<IncomingMessage>();
  return {
    counted: (listener) => (req, res) => {
      const [path] = (req.url ?? '').split('?', 1);
      if (path?.endsWith('/stream') !== true) {
        active.add(req);
        res.once('close', () => active.delete(req));
      }
      listener(req, res);
    },
    quiet: async () => {
      // Requests may still arrive on connections that were open; see `listen`.
      await pause(lateRequestsMs);
      const deadline = monotonicMs() + longestQuietMs;
      while (active.size > 0 && monotonicMs() < deadline) await pause(pollMs);
    },
  };
}
