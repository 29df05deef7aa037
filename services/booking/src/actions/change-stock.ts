/** The one way to change an event's stock: lock, decide, keep the books, in one transaction. */
import { strict as assert } from 'node:assert';
import type { Database, Sql } from '@evently/kit/postgres';
import type { Clock } from '@evently/kit/clock';
import {
  claimOf,
  countsForBuyer,
  mayFollow,
  type Booking,
  type BookingStatus,
  type Cause,
} from '../domain/booking.ts';
import type { Enrolment } from '../domain/allocate.ts';
import { copyStock, move, type Place, type Stock } from '../domain/stock.ts';
import { insertBookings, writeTransitions, type Transition } from '../store/bookings.ts';
import {
  lockSale,
  lockSaleForSweep,
  markWaitlistUsed,
  readStock,
  readWindow,
  writeStock,
  type LockedSale,
  type WindowNow,
} from '../store/sales.ts';
import { insertTickets, voidTickets } from '../store/tickets.ts';
import { insertEntries, writeEntries, type EntryChange } from '../store/waitlist.ts';
import type { TicketCodes } from './ticket-codes.ts';
import { offerFreeStock, type OfferSettings } from './offer-stock.ts';
import { publishChange, writeRefunds } from './publish-change.ts';

export type StockDeps = {
  db: Database;
  clock: Clock;
  /** Signs every change, so that another process can tell that it was not its own. */
  writer: string;
  tickets: TicketCodes;
  offers: OfferSettings;
  /** Told after each commit: what the event has now. */
  committed: (change: CommittedChange) => void;
};

export type StockCause = 'reserve' | 'settle' | 'cancel' | 'expire' | 'inventory' | 'block' | 'waitlist';
export type CommittedChange = {
  eventId: string;
  version: number;
  previousWriter: string;
  /** Why the version rose, once for each time it did. */
  causes: readonly StockCause[];
  stock: Stock;
  moved: readonly Booking[];
  /** Tickets that new reservations and offers took. */
  reserved: number;
  /** Tickets that went back, and why. */
  released: readonly { cause: Cause; tickets: number }[];
  /** Tiers, prices, limits or the window may have changed too. */
  reshaped: boolean;
};

export type RefundOrder = { booking: Booking; amountMinor: number; reason: string; attempt: number };

/** What a verb sees and does while it holds the event's lock. Nothing is written before `work` returns. */
export type StockChange = WindowNow & {
  client: Sql;
  sale: LockedSale;
  /** A working copy; `insert` and `transition` keep it in step. */
  stock: Stock;
  /** Adds a new booking whose stock `allocate` or a match has moved to held already. */
  insert: (booking: Booking) => void;
  /** Moves a booking to `to` and its seats with it; answers it as it is afterwards. */
  transition: (
    booking: Booking,
    to: BookingStatus,
    cause: Cause,
    patch?: Partial<Booking>,
    checkAt?: Date | null,
  ) => Booking;
  enrol: (entry: Enrolment) => void;
  moveEntry: (change: EntryChange) => void;
  refund: (order: RefundOrder) => void;
  /** Writes something else of the event (inventory rows, window); the version rises with it. */
  touched: () => void;
  /** Tickets more or fewer that each buyer has by what is decided so far; no statement sees them yet (I10). */
  heldChanges: () => Map<string, number>;
  /** True for a waitlist entry that this change has moved on already. */
  hasMoved: (entryId: string) => boolean;
};

type Pending = {
  inserted: Booking[];
  transitions: Transition[];
  enrolments: Enrolment[];
  entries: EntryChange[];
  refunds: RefundOrder[];
  touched: boolean;
};

export type ChangeOptions = {
  /** Null at once when another sweeper is at the event. */
  sweeps?: boolean;
  /** Joins this transaction, which the caller commits; `deps.committed` is then the caller's to call. */
  within?: Sql;
};

/**
 * Runs `work` with the event locked and writes what it decided: bookings, counters, tickets, refunds,
 * waitlist, one outbox message and a version raised by one, all in one commit (I2, I6, I35). Free stock goes
 * to whoever waits before it becomes public. Null when the event is unknown, or, with `sweeps`, being swept.
 */
export async function changeStock<T>(
  deps: StockDeps,
  eventId: string,
  cause: StockCause,
  work: (change: StockChange) => Promise<T>,
  options: ChangeOptions = {},
): Promise<{ value: T; committed: CommittedChange | null } | null> {
  const run = async (client: Sql): Promise<{ value: T; committed: CommittedChange | null } | null> => {
    const sale =
      options.sweeps === true ? await lockSaleForSweep(client, eventId) : await lockSale(client, eventId);
    if (sale === null) return null;
    const { begun, served } =
      cause === 'reserve' && sale.waitlistUsed
        ? await serveWaitingFirst(deps, client, sale)
        : { begun: await begin(client, sale), served: null };
    const value = await work(begun.change);
    if (sale.waitlistUsed || begun.pending.enrolments.length > 0) await offerFreeStock(deps, begun.change);
    const committed = await write(deps, begun.change, begun.pending, cause);
    return { value, committed: served === null ? committed : afterServing(served, committed) };
  };
  const outcome = await (options.within === undefined ? deps.db.transaction(run) : run(options.within));
  if (outcome !== null && outcome.committed !== null && options.within === undefined)
    deps.committed(outcome.committed);
  return outcome;
}

type Begun = { change: StockChange; pending: Pending };

/** Reads what a decision depends on, after the lock was had. */
async function begin(client: Sql, sale: LockedSale): Promise<Begun> {
  const window = await readWindow(client, sale.eventId);
  const stock = await readStock(client, sale.eventId);
  const pending: Pending = {
    inserted: [],
    transitions: [],
    enrolments: [],
    entries: [],
    refunds: [],
    touched: false,
  };
  return { change: changeOf(client, sale, window, stock, pending), pending };
}

/**
 * Before anybody new reserves, those who wait are served: a window that opens by the clock, or stock that
 * came back while it was shut, has no change of its own that would have done it (I30). A change of its own,
 * with its version and message, in the same commit.
 */
async function serveWaitingFirst(
  deps: StockDeps,
  client: Sql,
  sale: LockedSale,
): Promise<{ begun: Begun; served: CommittedChange | null }> {
  const begun = await begin(client, sale);
  await offerFreeStock(deps, begun.change);
  if (begun.pending.inserted.length + begun.pending.entries.length === 0) return { begun, served: null };
  const served = await write(deps, begun.change, begun.pending, 'waitlist');
  return { begun: await begin(client, sale), served };
}

/** Both in one commit, as one: whoever is told hears of all of it. */
function afterServing(served: CommittedChange, then: CommittedChange | null): CommittedChange {
  if (then === null) return served;
  return {
    ...then,
    causes: [...served.causes, ...then.causes],
    moved: [...served.moved, ...then.moved],
    reserved: served.reserved + then.reserved,
    released: [...served.released, ...then.released],
  };
}

function changeOf(
  client: Sql,
  sale: LockedSale,
  window: WindowNow,
  stock: Stock,
  pending: Pending,
): StockChange {
  const movedEntries = new Set<string>();
  return {
    ...window,
    client,
    sale,
    stock,
    insert: (booking) => void pending.inserted.push(booking),
    transition: (booking, to, cause, patch = {}, checkAt = null) => {
      assert(mayFollow(booking.status, to), `a ${booking.status} booking may not become ${to}`);
      const [from, into] = [placeOf(booking.status), placeOf(to)];
      if (from !== into) move(stock, booking.lines, from, into);
      const next: Booking = { ...booking, ...patch, status: to, revision: booking.revision + 1 };
      pending.transitions.push({ booking: next, from: booking.status, cause, checkAt });
      return next;
    },
    enrol: (entry) => void pending.enrolments.push(entry),
    moveEntry: (entry) => {
      pending.entries.push(entry);
      movedEntries.add(entry.id);
    },
    refund: (order) => void pending.refunds.push(order),
    touched: () => {
      pending.touched = true;
    },
    heldChanges: () => heldChangesOf(pending),
    hasMoved: (entryId) => movedEntries.has(entryId),
  };
}

function heldChangesOf(pending: Pending): Map<string, number> {
  const changes = new Map<string, number>();
  const add = (userId: string, quantity: number): void =>
    void changes.set(userId, (changes.get(userId) ?? 0) + quantity);
  for (const booking of pending.inserted) add(booking.userId, booking.quantity);
  for (const { booking, from } of pending.transitions) {
    if (countsForBuyer(from)) add(booking.userId, -booking.quantity);
    if (countsForBuyer(booking.status)) add(booking.userId, booking.quantity);
  }
  return changes;
}

function placeOf(status: BookingStatus): Place {
  const claim = claimOf(status);
  return claim === 'none' ? 'available' : claim;
}

async function write(
  deps: StockDeps,
  change: StockChange,
  pending: Pending,
  cause: StockCause,
): Promise<CommittedChange | null> {
  const { client, sale } = change;
  const { eventId } = sale;
  if (pending.enrolments.length > 0) {
    await insertEntries(client, eventId, change.now, pending.enrolments);
    await markWaitlistUsed(client, eventId);
  }
  if (pending.inserted.length > 0) await insertBookings(client, eventId, pending.inserted);
  if (pending.transitions.length > 0)
    await writeTransitions(client, eventId, change.now, pending.transitions);
  const entries = [...pending.entries, ...entryChangesOf(pending.transitions)];
  if (entries.length > 0) await writeEntries(client, eventId, change.now, entries);
  await writeTickets(deps, change, pending.transitions);
  await writeRefunds(deps, change, pending.refunds);
  if (pending.inserted.length + pending.transitions.length === 0 && !pending.touched) return null;
  const version = await writeStock(client, eventId, [...change.stock.values()], deps.writer);
  await publishChange(deps, change, pending, cause, version);
  return {
    eventId,
    version,
    previousWriter: sale.lastWriter,
    causes: [cause],
    stock: copyStock(change.stock),
    moved: pending.transitions.map((transition) => transition.booking),
    reserved: pending.inserted.reduce((sum, booking) => sum + booking.quantity, 0),
    released: releasedBy(pending.transitions),
    reshaped: pending.touched,
  };
}

function releasedBy(transitions: readonly Transition[]): { cause: Cause; tickets: number }[] {
  return transitions
    .filter(({ booking, from }) => claimOf(from) !== 'none' && claimOf(booking.status) === 'none')
    .map(({ booking, cause }) => ({ cause, tickets: booking.quantity }));
}

/** An offer that is bought converts its waitlist entry; one that ends without passes on (I29). */
function entryChangesOf(transitions: readonly Transition[]): EntryChange[] {
  return transitions.flatMap(({ booking }): EntryChange[] => {
    if (booking.waitlistId === null) return [];
    const base = { id: booking.waitlistId, bookingId: null };
    if (booking.status === 'confirmed') return [{ ...base, status: 'converted', reason: null }];
    if (booking.status === 'expired') return [{ ...base, status: 'expired', reason: 'offer_lapsed' }];
    if (booking.status === 'cancelled') return [{ ...base, status: 'expired', reason: 'offer_returned' }];
    return [];
  });
}

async function writeTickets(
  deps: StockDeps,
  change: StockChange,
  transitions: readonly Transition[],
): Promise<void> {
  const { eventId } = change.sale;
  const confirmed = transitions.filter(({ booking }) => booking.status === 'confirmed');
  if (confirmed.length > 0) {
    await insertTickets(change.client, eventId, deps.tickets.issue(confirmed.map(({ booking }) => booking)));
  }
  const cancelled = transitions.filter(
    ({ booking, from }) => booking.status === 'cancelled' && from === 'confirmed',
  );
  if (cancelled.length > 0) {
    await voidTickets(
      change.client,
      eventId,
      cancelled.map(({ booking }) => booking.id),
    );
  }
}
