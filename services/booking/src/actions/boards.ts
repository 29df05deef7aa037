/** What this process remembers of each event, so that a sold-out house costs the database almost nothing. */
import { LRUCache } from 'lru-cache';
import { monotonicMs, type Clock } from '@evently/kit/clock';
import { oldestIdOf } from '@evently/kit/ids';
import type { Sql } from '@evently/kit/postgres';
import { listKnownBuyers, readBoard, type BoardRow } from '../store/boards.ts';

export type Board = BoardRow & {
  /** When its counters were current. */
  loadedAtMs: number;
  /** When it was read whole: tiers, prices, limits. */
  readAtMs: number;
  /** Null until loaded; complete for stock of `version`. */
  known: { buyers: Set<string>; version: number; loadedAtMs: number } | null;
};

export type Boards = {
  /** What is remembered, however old; undefined when nothing is. */
  peek: (eventId: string) => Board | undefined;
  /** At most `maxAgeMs` old; null when the event is unknown. Concurrent callers share one read. */
  fresh: (eventId: string, maxAgeMs: number) => Promise<Board | null>;
  /** Takes over what a commit of this process left, when it is newer. */
  update: (
    eventId: string,
    version: number,
    tiers: readonly { tierId: string; available: number; held: number; sold: number; blocked: number }[],
  ) => void;
  /** Forgets the event: its tiers, prices or limits changed. */
  forget: (eventId: string) => void;
  /** Remembers that these buyers now have something of the event. */
  remember: (eventId: string, userIds: readonly string[]) => void;
  /** Takes over how many wait after a commit of this process: a full waitlist enrols nobody. */
  noteWaiting: (eventId: string, waiting: number) => void;
  /** Makes sure that `known` holds for the board's version. */
  loadKnown: (board: Board) => Promise<void>;
};

const maxBoards = 10_000;
/** Clocks of processes that make ids may differ by this much. */
const clockSkewMs = 60_000;

export function createBoards(sql: Sql, clock: Clock): Boards {
  const boards = new LRUCache<string, Board>({ max: maxBoards });
  const forgotten = new LRUCache<string, number>({ max: maxBoards });
  const loading = new Map<string, Promise<Board | null>>();
  const loadingKnown = new Map<string, Promise<void>>();

  async function load(eventId: string): Promise<Board | null> {
    const startedMs = monotonicMs();
    const row = await readBoard(sql, eventId);
    if (row === null) return null;
    const before = boards.get(eventId);
    // A commit of this process that ended while the read was under way is newer than what was read.
    if (before !== undefined && before.version > row.version && before.loadedAtMs >= startedMs) return before;
    const board: Board = {
      ...row,
      // The age counts from before the read: what was committed since then may be missing.
      loadedAtMs: startedMs,
      readAtMs: startedMs,
      known: before?.known ?? null,
    };
    // A change of tiers or terms that was committed meanwhile must not be undone by what was read before it.
    if ((forgotten.get(eventId) ?? -1) < startedMs) boards.set(eventId, board);
    return board;
  }

  /** The first time everybody, later only who came since: buyers that were known once stay so. */
  async function loadKnown(board: Board): Promise<void> {
    const { eventId, version, known: before } = board;
    const startedMs = clock.now().getTime();
    const sinceId = before === null ? null : oldestIdOf(before.loadedAtMs - clockSkewMs);
    const found = await listKnownBuyers(sql, eventId, sinceId);
    const buyers = before?.buyers ?? new Set<string>();
    for (const userId of found) buyers.add(userId);
    const current = boards.get(eventId);
    // Stock that changed meanwhile may have made new buyers known; the next refusal loads again.
    if (current === undefined || current.version !== version) return;
    current.known = { buyers, version, loadedAtMs: startedMs };
  }

  return {
    peek: (eventId) => boards.get(eventId),
    fresh: (eventId, maxAgeMs) => {
      const board = boards.get(eventId);
      if (board !== undefined && monotonicMs() - board.loadedAtMs <= maxAgeMs) return Promise.resolve(board);
      return shared(loading, eventId, () => load(eventId));
    },
    update: (eventId, version, tiers) => {
      const board = boards.get(eventId);
      if (board === undefined || board.version >= version) return;
      const counts = new Map(tiers.map((tier) => [tier.tierId, tier]));
      boards.set(eventId, {
        ...board,
        version,
        loadedAtMs: monotonicMs(),
        tiers: board.tiers.map((tier) => ({ ...tier, ...counts.get(tier.tierId) })),
      });
    },
    forget: (eventId) => {
      boards.delete(eventId);
      forgotten.set(eventId, monotonicMs());
    },
    remember: (eventId, userIds) => {
      const board = boards.get(eventId);
      for (const userId of userIds) board?.known?.buyers.add(userId);
    },
    noteWaiting: (eventId, waiting) => {
      const board = boards.get(eventId);
      if (board !== undefined) board.waiting = waiting;
    },
    loadKnown: (board) => shared(loadingKnown, board.eventId, () => loadKnown(board)),
  };
}

/** One run for all who ask for the same key at the same time. */
function shared<T>(running: Map<string, Promise<T>>, key: string, start: () => Promise<T>): Promise<T> {
  const present = running.get(key);
  if (present !== undefined) return present;
  const started = start().finally(() => running.delete(key));
  running.set(key, started);
  return started;
}
