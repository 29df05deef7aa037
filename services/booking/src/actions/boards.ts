/** What this process remembers of each event, so that a sold-out house costs the database almost nothing. */
import { LRUCache } from 'lru-cache';
import { monotonicMs } from '@evently/kit/clock';
import type { Sql } from '@evently/kit/postgres';
import { listKnownBuyers, readBoard, type BoardRow } from '../store/boards.ts';

export type Board = BoardRow & {
  /** When its counters were current. */
  loadedAtMs: number;
  /** When it was read whole: tiers, prices, limits. */
  readAtMs: number;
  /** Null until loaded; valid for the version in `knownAtVersion`. */
  known: Set<string> | null;
  knownAtVersion: number;
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

export function createBoards(sql: Sql): Boards {
  const boards = new LRUCache<string, Board>({ max: maxBoards });
  const loading = new Map<string, Promise<Board | null>>();
  const loadingKnown = new Map<string, Promise<void>>();

  async function load(eventId: string): Promise<Board | null> {
    const startedMs = monotonicMs();
    const row = await readBoard(sql, eventId);
    if (row === null) return null;
    const before = boards.get(eventId);
    // A commit of this process that ended while the read was under way is newer than what was read.
    if (before !== undefined && before.version > row.version && before.loadedAtMs >= startedMs) return before;
    const sameVersion = before !== undefined && before.knownAtVersion === row.version;
    const board: Board = {
      ...row,
      // The age counts from before the read: what was committed since then may be missing.
      loadedAtMs: startedMs,
      readAtMs: startedMs,
      known: sameVersion ? before.known : null,
      knownAtVersion: sameVersion ? before.knownAtVersion : -1,
    };
    boards.set(eventId, board);
    return board;
  }

  async function loadKnown(board: Board): Promise<void> {
    const { eventId, version } = board;
    const known = new Set(await listKnownBuyers(sql, eventId));
    const current = boards.get(eventId);
    // Stock that changed meanwhile may have made new buyers known; the next refusal loads again.
    if (current === undefined || current.version !== version) return;
    current.known = known;
    current.knownAtVersion = version;
  }

  function shared<T>(running: Map<string, Promise<T>>, key: string, start: () => Promise<T>): Promise<T> {
    const present = running.get(key);
    if (present !== undefined) return present;
    const started = start().finally(() => running.delete(key));
    running.set(key, started);
    return started;
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
    forget: (eventId) => void boards.delete(eventId),
    remember: (eventId, userIds) => {
      const board = boards.get(eventId);
      for (const userId of userIds) board?.known?.add(userId);
    },
    noteWaiting: (eventId, waiting) => {
      const board = boards.get(eventId);
      if (board !== undefined) board.waiting = waiting;
    },
    loadKnown: (board) => shared(loadingKnown, board.eventId, () => loadKnown(board)),
  };
}
