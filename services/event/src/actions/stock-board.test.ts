import { expect, test } from 'vitest';
import type { EventStock } from '@evently/contracts/inventory';
import type { Sql } from '@evently/kit/postgres';
import type { CatalogEvent } from '../domain/event.ts';
import type { Stock } from '../domain/stock.ts';
import type { BookingPort } from './ask-booking.ts';
import { createStockBoard } from './stock-board.ts';

const eventId = '00000000-0000-7000-8000-000000000001';
const tierId = '00000000-0000-7000-8000-000000000002';
const event: CatalogEvent = {
  eventId,
  name: 'An Evening',
  description: null,
  venueId: eventId,
  eventType: 'concert',
  startsAt: new Date(0),
  endsAt: new Date(0),
  totalCapacity: 100,
  basePriceMinor: 100,
  currency: 'INR',
  maxPerBooking: 10,
  maxPerBuyer: null,
  sale: { mode: 'open', opensAt: null, closesAt: null },
  waitlist: 'off',
  tiers: [{ tierId, name: 'General', capacity: 100, priceMinor: 100 }],
  status: 'published',
  version: 1,
  pushedVersion: 1,
  venue: {
    venueId: eventId,
    name: 'A hall',
    address: '',
    city: '',
    state: null,
    country: '',
    latitude: null,
    longitude: null,
  },
  createdBy: eventId,
  createdAt: new Date(0),
  updatedAt: new Date(0),
};
const told = (version: number, available: number): EventStock => ({
  event_id: eventId,
  revision: 1,
  catalog_version: 1,
  stock_version: version,
  currency: 'INR',
  capacity: 100,
  available,
  held: 0,
  sold: 0,
  blocked: 0,
  updated_at: new Date(0).toISOString(),
  tiers: [
    {
      tier_id: tierId,
      name: 'General',
      price_minor: 1,
      capacity: 100,
      available,
      held: 0,
      sold: 0,
      blocked: 0,
    },
  ],
});
const news = (stockVersion: number, available: number): Stock => ({
  stockVersion,
  available,
  tiers: { [tierId]: available },
  updatedAt: new Date(0),
});
const noDatabase: Sql = { query: () => Promise.reject(new Error('nobody asks the database')) };

/** A booking whose answers the test gives, one question at a time. */
function createBoard() {
  const state = { nowMs: 0, questions: 0, answer: () => Promise.resolve([told(1, 100)]) };
  const unused = () => Promise.reject(new Error('not asked here'));
  const booking: BookingPort = {
    listStock: async () => {
      state.questions += 1;
      return { kind: 'ok', value: await state.answer() };
    },
    pushInventory: unused,
    readReport: unused,
    moveBlocked: unused,
  };
  const board = createStockBoard({ db: noDatabase, booking, nowMs: () => state.nowMs });
  const read = async (): Promise<number | undefined> => (await board.read([event])).get(eventId)?.available;
  return { state, board, read };
}

test('news of booking are shown without asking it, and for no longer than an answer', async () => {
  const { state, board, read } = createBoard();
  expect(board.take(eventId, news(5, 60))).toBe(true);
  expect([await read(), state.questions]).toEqual([60, 0]);
  state.nowMs = 500;
  state.answer = () => Promise.resolve([told(6, 55)]);
  expect([await read(), state.questions]).toEqual([55, 1]);
});

test('news that are not newer than what is known change nothing', async () => {
  const { board, read } = createBoard();
  board.take(eventId, news(5, 60));
  expect([board.take(eventId, news(5, 1)), board.take(eventId, news(4, 2))]).toEqual([false, false]);
  expect(await read()).toBe(60);
});

test('an answer that was under way when newer news came does not replace them', async () => {
  const { state, board, read } = createBoard();
  const answer = Promise.withResolvers<EventStock[]>();
  state.answer = () => answer.promise;
  const asked = read();
  board.take(eventId, news(9, 10));
  answer.resolve([told(8, 20)]);
  expect([await asked, await read()]).toEqual([10, 10]);
});

test('what booking answers later is believed, also when its version is lower: its database was restored', async () => {
  const { state, board, read } = createBoard();
  board.take(eventId, news(9, 10));
  state.nowMs = 1_000;
  expect(await read()).toBe(100);
});
