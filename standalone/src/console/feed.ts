/** The one reader of the metrics for everybody who watches: a frame each second, the same bytes for all. */
import { chance, startTicker, startTimeLimit, type Ticker } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import { encodeFrame, type Reading } from './frame.ts';
import { createHistory, type Numbered } from './history.ts';

export type Viewer = {
  /** False when the viewer has not read what it was sent before. */
  send: (bytes: Uint8Array) => boolean;
  /** No more comes; called once. */
  end: () => void;
};
export type ConsoleFeed = {
  /**
   * Sends what happened after the frame that `lastEventId` names (everything that is kept, when it names none), then each
   * new one. Answers the function that leaves, or null when as many watch as may.
   */
  watch: (viewer: Viewer, lastEventId: string | null) => (() => void) | null;
  viewers: () => number;
  /** Whether the metrics are being read now. */
  isReading: () => boolean;
  /** Ends every stream. */
  close: () => Promise<void>;
};

export type FeedLimits = {
  everyMs: number;
  maxFrames: number;
  maxViewers: number;
  /** A stream ends after this, give or take a fifth, and its reader opens it again. */
  lifetimeMs: number;
  /** Reading goes on for so long after the last viewer left, so that a reload leaves no gap. */
  lingerMs: number;
};
export const feedLimits: FeedLimits = {
  everyMs: 1_000,
  // 15 minutes.
  maxFrames: 900,
  maxViewers: 32,
  lifetimeMs: 600_000,
  lingerMs: 30_000,
};

export type FeedDeps = {
  read: () => Promise<Reading>;
  /** The name of the newest sale report, or null. */
  newestReport: () => Promise<string | null>;
  /** Distinguishes the frames of this process from those of the one before it on the same address. */
  epoch: string;
  log: Logger;
};

const encoder = new TextEncoder();
const retryMs = 1_000;
const jitter = 0.4;

export function createConsoleFeed(deps: FeedDeps, limits: FeedLimits = feedLimits): ConsoleFeed {
  const history = createHistory(limits.maxFrames);
  const viewers = new Set<Seat>();
  const state: { failing: boolean; report: string | null; closed: boolean } = {
    failing: false,
    report: null,
    closed: false,
  };
  const reading = createReadingHours(limits, step);

  async function step(): Promise<void> {
    try {
      tell(frameMessage(deps.epoch, history.add(await deps.read())));
      await tellReport();
      state.failing = false;
    } catch (error) {
      // The next second tries again; the log is told once, and readers are kept.
      if (!state.failing) deps.log.warn({ err: String(error) }, 'the console could not read the metrics');
      state.failing = true;
      tell(': the metrics could not be read\n\n');
    }
  }

  async function tellReport(): Promise<void> {
    const newest = await deps.newestReport();
    if (newest === state.report) return;
    state.report = newest;
    tell(reportMessage(newest));
  }

  function tell(message: string): void {
    const bytes = encoder.encode(message);
    for (const seat of viewers) if (!seat.viewer.send(bytes)) seat.end();
  }

  return {
    watch: (viewer, lastEventId) => {
      if (state.closed || viewers.size >= limits.maxViewers) return null;
      const seat: Seat = createSeat(viewer, limits, () => {
        viewers.delete(seat);
        if (viewers.size === 0) reading.endSoon();
      });
      viewers.add(seat);
      const known = history.after(numberOf(lastEventId, deps.epoch));
      viewer.send(encoder.encode(openingMessage(deps.epoch, known, state.report)));
      reading.begin();
      return seat.leave;
    },
    viewers: () => viewers.size,
    isReading: reading.areOn,
    close: async () => {
      state.closed = true;
      for (const seat of viewers) seat.end();
      await reading.end();
    },
  };
}

type ReadingHours = {
  begin: () => void;
  /** Unless it begins again before. */
  endSoon: () => void;
  end: () => Promise<void>;
  areOn: () => boolean;
};

/** When the metrics are read: from the first viewer until a while after the last. */
function createReadingHours(limits: FeedLimits, step: () => Promise<void>): ReadingHours {
  let ticker: Ticker | null = null;
  let ending: { clear: () => void } | null = null;
  const stay = (): void => {
    ending?.clear();
    ending = null;
  };
  const end = async (): Promise<void> => {
    stay();
    const running = ticker;
    ticker = null;
    await running?.stop();
  };
  return {
    begin: () => {
      stay();
      ticker ??= startTicker(limits.everyMs, step);
    },
    endSoon: () => {
      ending ??= startTimeLimit(limits.lingerMs, () => void end());
    },
    end,
    areOn: () => ticker !== null,
  };
}

type Seat = { viewer: Viewer; leave: () => void; end: () => void };

/** `left` is called once, however the stream ends. */
function createSeat(viewer: Viewer, limits: FeedLimits, left: () => void): Seat {
  const spread = 1 - jitter / 2 + jitter * chance();
  let open = true;
  const leave = (): void => {
    if (!open) return;
    open = false;
    lifetime.clear();
    left();
  };
  const end = (): void => {
    if (!open) return;
    leave();
    viewer.end();
  };
  const lifetime = startTimeLimit(limits.lifetimeMs * spread, end);
  return { viewer, leave, end };
}

/** Null for an id of another process, or for none at all. */
function numberOf(lastEventId: string | null, epoch: string): number | null {
  const [given, number] = (lastEventId ?? '').split('.');
  return given === epoch && /^\d{1,9}$/.test(number ?? '') ? Number(number) : null;
}

/** The first frame is whole. Minutes of many events are much to write, and the process that writes them sells. */
function openingMessage(epoch: string, known: readonly Numbered[], report: string | null): string {
  const frames = known.map(({ frame, encoded }, at) =>
    at === 0 ? JSON.stringify(encodeFrame(frame, null)) : encoded,
  );
  const last = known.at(-1);
  const id = last === undefined ? '' : `id: ${epoch}.${last.number}\n`;
  const history = `${id}event: history\ndata: {"epoch":${JSON.stringify(epoch)},"frames":[${frames.join()}]}\n\n`;
  return `retry: ${retryMs}\n\n${history}${reportMessage(report)}`;
}

function frameMessage(epoch: string, { number, encoded }: Numbered): string {
  return `id: ${epoch}.${number}\nevent: frame\ndata: ${encoded}\n\n`;
}

function reportMessage(newest: string | null): string {
  return `event: report\ndata: ${JSON.stringify({ newest })}\n\n`;
}
