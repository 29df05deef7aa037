/** Seats in Redis, taken by a script; the answer comes first, and the booking is written to PostgreSQL later. */
import { Redis } from 'ioredis';
import { pause, systemClock } from '@evently/kit/clock';
import { newId } from '@evently/kit/ids';
import type { Logger } from '@evently/kit/log';
import type { Database } from '@evently/kit/postgres';
import { groupBy } from '../analysis/spread.ts';
import { storeBookings, type Acknowledged } from './statements.ts';
import type { Strategy } from './strategy.ts';

const holdSeconds = 900;
const msPerSecond = 1_000;
const largestWrite = 500;
const mostWaiting = 1_000_000;
const repeatWriteMs = 250;
const mostWrites = 100;
const commandMs = 5_000;

// One script is one step in Redis: nobody comes between the look and the taking.
const takeScript = `
local available = tonumber(redis.call('get', KEYS[1]) or '0')
if available < tonumber(ARGV[1]) then return 0 end
redis.call('decrby', KEYS[1], ARGV[1])
redis.call('hset', KEYS[2], 'quantity', ARGV[1], 'event', ARGV[2], 'user', ARGV[3], 'key', ARGV[4])
redis.call('expire', KEYS[2], ARGV[5])
return 1`;

export function stockKey(eventId: string): string {
  return `stock:${eventId}`;
}

/**
 * As flash-sale guides describe it, at its best: commands are pipelined, and whatever waits is written to
 * PostgreSQL as one statement, one at a time. Between the answer and that commit the sale is in the memory of
 * this process and of Redis only: a crash of either loses sales that buyers were told of.
 */
export async function createRedisStrategy(url: string, db: Database, log: Logger): Promise<Strategy> {
  const redis = new Redis(url, { enableAutoPipelining: true, commandTimeout: commandMs });
  redis.on('error', (error) => log.warn({ err: error.message }, 'a connection to Redis was lost'));
  const script = String(await redis.script('LOAD', takeScript));
  const writer = createWriter(db, log);
  return {
    reserve: async (order) => {
      const now = systemClock.now();
      const id = newId(now.getTime());
      const { eventId, userId, key, quantity } = order;
      const keys = [stockKey(eventId), `reservation:${id}`];
      const taken = await redis.evalsha(script, 2, ...keys, quantity, eventId, userId, key, holdSeconds);
      if (taken !== 1) return { kind: 'sold-out' };
      writer.add({ ...order, id });
      return { kind: 'reserved', id, expiresAt: new Date(now.getTime() + holdSeconds * msPerSecond) };
    },
    close: async () => {
      await writer.drained();
      redis.disconnect();
    },
  };
}

type Writer = { add: (booking: Acknowledged) => void; drained: () => Promise<void> };

function createWriter(db: Database, log: Logger): Writer {
  let waiting: Acknowledged[] = [];
  let writing: Promise<void> | null = null;

  /** All that wait now, in statements of one event each; what comes meanwhile waits for the next round. */
  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const round = waiting;
      waiting = [];
      for (const bookings of groupBy(round, ({ eventId }) => eventId).values()) {
        for (let from = 0; from < bookings.length; from += largestWrite) {
          await writeUntilDone(bookings.slice(from, from + largestWrite));
        }
      }
    }
  }

  async function writeUntilDone(bookings: readonly Acknowledged[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await storeBookings(db, bookings);
        return;
      } catch (error) {
        log.warn({ err: error instanceof Error ? error.message : String(error) }, 'bookings are not written');
        if (attempt === mostWrites) throw error;
        await pause(repeatWriteMs);
      }
    }
  }

  return {
    add: (booking) => {
      if (waiting.length >= mostWaiting) throw new Error('too many bookings wait to be written');
      waiting.push(booking);
      writing ??= writeAll().finally(() => {
        writing = null;
      });
    },
    drained: async () => {
      await writing;
    },
  };
}
