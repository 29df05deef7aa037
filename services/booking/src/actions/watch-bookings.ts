/** Watches bookings for their streams: one statement each second for all of them, at once after own commits. */
import { startTicker, type Ticker } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import type { Sql } from '@evently/kit/postgres';
import { listStepsAfter, type Step } from '../store/transitions.ts';

export type Watcher = { steps: AsyncIterable<Step | 'heartbeat'>; close: () => void };
export type Watchers = {
  /**
   * Steps after `revision`, for as long as the client listens, a quarter of an hour at most (an access token
   * lives no longer; the client resumes). Null when too many listen already, in all or for `viewerId`.
   */
  open: (viewerId: string, bookingId: string, revision: number) => Watcher | null;
  /** These bookings changed in this process: look now. */
  changed: (bookingIds: readonly string[]) => void;
  /** Ends every stream. */
  stop: () => Promise<void>;
};

const pollMs = 1_000;
const heartbeatPolls = 15;
const maxQueuedSteps = 100;
const maxPolls = 900;
const maxStreamsPerViewer = 5;

type Listener = {
  viewerId: string;
  bookingId: string;
  revision: number;
  queue: (Step | 'heartbeat')[];
  wake: () => void;
  closed: boolean;
  polls: number;
};

export function createWatchers(deps: { db: Sql; log: Logger; maxStreams: number }): Watchers {
  const listeners = new Set<Listener>();
  let ticker: Ticker | null = null;

  async function poll(): Promise<void> {
    if (listeners.size === 0) return;
    try {
      const watched = [...listeners];
      const lowest = new Map<string, number>();
      for (const { bookingId, revision } of watched)
        lowest.set(bookingId, Math.min(revision, lowest.get(bookingId) ?? revision));
      deliver(watched, await listStepsAfter(deps.db, [...lowest.keys()], [...lowest.values()]));
    } catch (error) {
      deps.log.warn({ err: String(error) }, 'streams wait for the database');
    }
  }

  function deliver(watched: readonly Listener[], steps: readonly Step[]): void {
    for (const listener of watched) {
      for (const step of steps) {
        if (step.bookingId !== listener.bookingId || step.revision <= listener.revision) continue;
        listener.queue.push(step);
        listener.revision = step.revision;
      }
      listener.polls += 1;
      if (listener.queue.length === 0 && listener.polls % heartbeatPolls === 0)
        listener.queue.push('heartbeat');
      // A client that does not read is let go; it resumes from its last id.
      if (listener.queue.length > maxQueuedSteps || listener.polls >= maxPolls) listener.closed = true;
      if (listener.queue.length > 0 || listener.closed) listener.wake();
    }
  }

  return {
    open: (viewerId, bookingId, revision) => {
      const own = [...listeners].filter((listener) => listener.viewerId === viewerId).length;
      if (listeners.size >= deps.maxStreams || own >= maxStreamsPerViewer) return null;
      const listener: Listener = {
        viewerId,
        bookingId,
        revision,
        queue: [],
        wake: () => {},
        closed: false,
        polls: 0,
      };
      listeners.add(listener);
      if (ticker === null) ticker = startTicker(pollMs, poll);
      else ticker.wake();
      return {
        steps: stepsOf(listener, () => listeners.delete(listener)),
        close: () => closeListener(listener),
      };
    },
    changed: (bookingIds) => {
      const ids = new Set(bookingIds);
      if ([...listeners].some((listener) => ids.has(listener.bookingId))) ticker?.wake();
    },
    stop: async () => {
      for (const listener of listeners) closeListener(listener);
      await ticker?.stop();
      ticker = null;
    },
  };
}

function closeListener(listener: Listener): void {
  listener.closed = true;
  listener.wake();
}

async function* stepsOf(listener: Listener, leave: () => void): AsyncGenerator<Step | 'heartbeat'> {
  try {
    while (!listener.closed) {
      const step = listener.queue.shift();
      if (step !== undefined) {
        yield step;
        continue;
      }
      await new Promise<void>((resolve) => {
        listener.wake = resolve;
      });
    }
  } finally {
    leave();
  }
}
