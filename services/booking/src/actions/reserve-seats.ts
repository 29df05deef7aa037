/** Reserves seats: remembers what is sold out, coalesces the rest, one batch in flight per event. */
import { createBatcher, type Batcher, type BatchLimits } from '@evently/kit/batcher';
import { monotonicMs } from '@evently/kit/clock';
import { newId } from '@evently/kit/ids';
import type { BookingMetrics } from '../metrics.ts';
import { newBooking, type Decision, type Request } from '../domain/allocate.ts';
import type { Booking } from '../domain/booking.ts';
import { refused, type Refusal, type Refused } from '../domain/refusals.ts';
import { reserveBatch, type BatchItem, type BatchOutcome } from '../store/reserve-batch.ts';
import type { AnnounceStock } from './announce-stock.ts';
import type { Board, Boards } from './boards.ts';
import type { StockDeps } from './change-stock.ts';
import { reserveInOrder } from './reserve-in-order.ts';

export type ReserveInput = {
  eventId: string;
  userId: string;
  key: string;
  lines: readonly { tierId: string | null; quantity: number }[];
  /** True when the client has gone. */
  isAbandoned: () => boolean;
};
export type ReserveOutcome =
  { ok: true; booking: Booking; replayed: boolean } | Refused | { ok: false; abandoned: true };

export type ReserveSettings = BatchLimits & {
  holdSeconds: number;
  /** How long a remembered "sold out" may answer before the row is read again. */
  soldOutMemoryMs: number;
  /** Waiting entries of one event that automatic enrolment stops at. */
  maxWaiting: number;
};
export type ReserveDeps = StockDeps & {
  boards: Boards;
  metrics: BookingMetrics;
  reserve: ReserveSettings;
  announce: AnnounceStock;
};
export type ReserveQueue = {
  reserve: (input: ReserveInput) => Promise<ReserveOutcome>;
  waiting: () => number;
  drained: () => Promise<void>;
};

type Queued = Omit<Request, 'waitlistId'> & { isAbandoned: () => boolean };

/**
 * First come, first served within this process, all or nothing per request, answered after the commit
 * (I7, I8). A repeated key gives the stored reservation, `replayed`. Refusals: see `allocate`, and
 * `queue-full` when more waits than about half a second of work.
 */
export function createReserveQueue(deps: ReserveDeps): ReserveQueue {
  const batcher: Batcher<Queued, Decision> = createBatcher({
    name: 'reserve',
    run: (eventId, items) => runBatch(deps, eventId, items),
    maxBatch: deps.reserve.maxBatch,
    maxQueueSeconds: deps.reserve.maxQueueSeconds,
    minQueue: deps.reserve.minQueue,
    maxQueue: deps.reserve.maxQueue,
    isAbandoned: (item) => item.isAbandoned(),
    observe: (batch) => deps.metrics.batch('reserve', batch),
  });

  async function reserve(input: ReserveInput): Promise<ReserveOutcome> {
    const remembered = await refuseFromMemory(deps, input);
    if (remembered !== null) return refuse(deps, input.eventId, remembered);
    const submitted = await batcher.submit(input.eventId, {
      id: newId(deps.clock.now().getTime()),
      userId: input.userId,
      key: input.key,
      lines: input.lines,
      isAbandoned: input.isAbandoned,
    });
    if (submitted.kind === 'abandoned') return { ok: false, abandoned: true };
    if (submitted.kind === 'queue-full') return refuse(deps, input.eventId, submitted);
    const decision = submitted.result;
    if (decision.kind === 'refused') return refuse(deps, input.eventId, decision.refusal);
    return { ok: true, booking: decision.booking, replayed: decision.kind !== 'granted' };
  }

  return { reserve, waiting: batcher.waiting, drained: batcher.drained };
}

function refuse(deps: ReserveDeps, eventId: string, refusal: Refusal): Refused {
  deps.metrics.refused(eventId, refusal.kind);
  return refused(refusal);
}

/**
 * Null when the database must decide. A sold-out tier is refused from memory that is at most
 * `soldOutMemoryMs` old, unless the event would enrol the buyer, or the buyer has something of the event
 * already: a winner who repeats a request gets the stored answer.
 */
async function refuseFromMemory(deps: ReserveDeps, input: ReserveInput): Promise<Refusal | null> {
  const board = deps.boards.peek(input.eventId) ?? (await deps.boards.fresh(input.eventId, 0));
  if (board === null) return { kind: 'unknown-event' };
  if (monotonicMs() - board.readAtMs > rereadMs) refreshInBackground(deps, input.eventId);
  if (refusalOf(deps, board, input) === null) return null;
  const fresh = await deps.boards.fresh(input.eventId, deps.reserve.soldOutMemoryMs);
  if (fresh === null) return { kind: 'unknown-event' };
  if (fresh.known?.version !== fresh.version) {
    await deps.boards.loadKnown(fresh);
    return null;
  }
  if (fresh.known.buyers.has(input.userId)) return null;
  return refusalOf(deps, fresh, input);
}

/** Tiers and limits that another process changed are seen after this, without anybody waiting for them. */
const rereadMs = 2_000;

function refreshInBackground(deps: ReserveDeps, eventId: string): void {
  deps.boards.fresh(eventId, 0).catch(() => {
    // The database is away; the reservation itself will say so.
  });
}

function refusalOf(deps: ReserveDeps, board: Board, input: ReserveInput): Refusal | null {
  const enrols =
    board.waitlist === 'automatic' && board.waiting < deps.reserve.maxWaiting && input.lines.length === 1;
  if (enrols) return null;
  for (const line of input.lines) {
    const tierId = line.tierId ?? (board.tiers.length === 1 ? board.tiers[0]?.tierId : undefined);
    const tier = board.tiers.find((candidate) => candidate.tierId === tierId);
    if (tier?.available === 0) return { kind: 'sold-out', waitlist: null };
  }
  return null;
}

/** The whole batch in one statement when nothing about it is unusual, else item by item under the lock. */
async function runBatch(deps: ReserveDeps, eventId: string, items: readonly Queued[]): Promise<Decision[]> {
  const plain = plainItems(deps.boards.peek(eventId), items);
  if (plain !== null) {
    const messageId = newId(deps.clock.now().getTime());
    const outcome = await reserveBatch(
      deps.db,
      eventId,
      deps.writer,
      deps.reserve.holdSeconds,
      messageId,
      plain.items,
    );
    if (outcome.kind === 'reserved') return decisionsOf(deps, eventId, plain, outcome);
  }
  deps.metrics.careful('reserve');
  const nowMs = deps.clock.now().getTime();
  return reserveInOrder(
    deps,
    eventId,
    items.map((item) => ({ ...item, waitlistId: newId(nowMs) })),
  );
}

type Plain = { board: Board; items: BatchItem[] };

/** Null when the batch needs the slow path whatever the database says: several lines, a buyer twice, unknown tiers, too few left. */
function plainItems(board: Board | undefined, items: readonly Queued[]): Plain | null {
  if (board === undefined) return null;
  const buyers = new Set<string>();
  const plain: BatchItem[] = [];
  const only = board.tiers.length === 1 ? board.tiers[0]?.tierId : undefined;
  for (const { id, userId, key, lines } of items) {
    const line = lines[0];
    const tierId = line?.tierId ?? only;
    if (line === undefined || lines.length !== 1 || tierId === undefined || buyers.has(userId)) return null;
    if (board.tiers.find((tier) => tier.tierId === tierId)?.available === 0) return null;
    buyers.add(userId);
    plain.push({ id, userId, key, tierId, quantity: line.quantity });
  }
  return { board, items: plain };
}

function decisionsOf(
  deps: ReserveDeps,
  eventId: string,
  plain: Plain,
  outcome: BatchOutcome & { kind: 'reserved' },
): Decision[] {
  deps.metrics.changed({
    eventId,
    causes: ['reserve'],
    conflict: outcome.previousWriter !== '' && outcome.previousWriter !== deps.writer,
    reserved: plain.items.reduce((sum, item) => sum + item.quantity, 0),
    sold: 0,
    released: [],
  });
  const stock = outcome.stock.map((tier) => ({
    tierId: tier.tier_id,
    available: tier.available,
    held: tier.held,
    sold: tier.sold,
    blocked: tier.blocked,
  }));
  deps.boards.update(eventId, outcome.version, stock);
  deps.announce(eventId, outcome.version, stock);
  deps.boards.remember(
    eventId,
    plain.items.map((item) => item.userId),
  );
  // Prices as the statement read them under the lock; the remembered ones may be older.
  const prices = new Map(outcome.stock.map((tier) => [tier.tier_id, tier.price_minor]));
  return plain.items.map((item) => ({
    kind: 'granted',
    booking: newBooking({
      id: item.id,
      eventId,
      userId: item.userId,
      idempotencyKey: item.key,
      lines: [{ tierId: item.tierId, quantity: item.quantity, unitPriceMinor: prices.get(item.tierId) ?? 0 }],
      currency: outcome.currency,
      createdAt: outcome.heldFrom,
      expiresAt: outcome.heldUntil,
      waitlistId: null,
    }),
  }));
}
