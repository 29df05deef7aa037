/** The designs that Evently's own is compared with, each at its best on one PostgreSQL, one with Redis before it. */
import { systemClock } from '@evently/kit/clock';
import { newId } from '@evently/kit/ids';
import type { Logger } from '@evently/kit/log';
import type { Database } from '@evently/kit/postgres';
import { createRedisStrategy } from './redis-lua.ts';
import { lockEvent, readStockOf, takeAtVersion, takeGuarded, type Reserved } from './statements.ts';
import type { Order, Outcome, Strategy } from './strategy.ts';

export const strategyNames = [
  'empty-handler',
  'optimistic-0-retries',
  'optimistic-50-retries',
  'select-for-update',
  'guarded-update',
  'redis-lua',
] as const;
export type StrategyName = (typeof strategyNames)[number];

const holdMs = 900_000;
const manyRetries = 50;
const soldOut: Outcome = { kind: 'sold-out' };

export type StrategyParts = {
  db: Database;
  redisUrl: string;
  log: Logger;
  /** Told each time that somebody else was first. */
  conflict: () => void;
};

export async function createStrategy(name: StrategyName, parts: StrategyParts): Promise<Strategy> {
  const { db } = parts;
  switch (name) {
    case 'empty-handler':
      return { reserve: () => Promise.resolve(answerOnly()) };
    case 'optimistic-0-retries':
      return { reserve: (order) => reserveOptimistically(parts, order, 0) };
    case 'optimistic-50-retries':
      return { reserve: (order) => reserveOptimistically(parts, order, manyRetries) };
    case 'select-for-update':
      return { reserve: (order) => reserveLocked(db, order) };
    case 'guarded-update':
      return { reserve: async (order) => outcomeOf(await takeGuarded(db, order, freshId())) ?? soldOut };
    case 'redis-lua':
      return createRedisStrategy(parts.redisUrl, db, parts.log);
  }
}

function freshId(): string {
  return newId(systemClock.now().getTime());
}

function outcomeOf(reserved: Reserved | null): Outcome | null {
  return reserved === null ? null : { kind: 'reserved', id: reserved.id, expiresAt: reserved.expires_at };
}

/** The same answer without any work: the ceiling of the HTTP stack. */
function answerOnly(): Outcome {
  const nowMs = systemClock.now().getTime();
  return { kind: 'reserved', id: newId(nowMs), expiresAt: new Date(nowMs + holdMs) };
}

/** Read, then write if nobody wrote in between; otherwise once more, `retries` times, without a pause. */
async function reserveOptimistically(
  { db, conflict }: StrategyParts,
  order: Order,
  retries: number,
): Promise<Outcome> {
  for (let attempt = 0; attempt <= retries; attempt += 1) {
    const seen = await readStockOf(db, order.eventId);
    if (seen === null || seen.available < order.quantity) return soldOut;
    const outcome = outcomeOf(await takeAtVersion(db, order, freshId(), seen.version));
    if (outcome !== null) return outcome;
    conflict();
  }
  return { kind: 'conflict' };
}

/** A transaction that locks the event's row, looks, writes, and holds the lock across four round trips. */
function reserveLocked(db: Database, order: Order): Promise<Outcome> {
  return db.transaction(async (client) => {
    await lockEvent(client, order.eventId);
    const seen = await readStockOf(client, order.eventId);
    if (seen === null || seen.available < order.quantity) return soldOut;
    return outcomeOf(await takeAtVersion(client, order, freshId(), seen.version)) ?? { kind: 'conflict' };
  });
}
