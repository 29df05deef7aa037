/** What the designs are called in tables and plots. */
import { formatCount } from 'evently/screen/table';
import type { StrategyName } from '../strategies/strategies.ts';

export const ownTitle = 'Evently';
export const strategyTitles: Readonly<Record<StrategyName, string>> = {
  'empty-handler': 'empty handler, no database',
  'optimistic-0-retries': 'optimistic version, no retries',
  'optimistic-50-retries': 'optimistic version, 50 retries',
  'select-for-update': 'select for update',
  'guarded-update': 'guarded update per request',
  'redis-lua': 'Redis Lua, written later',
};

export const maximumTitle = 'closed-loop maximum';
/** Ends the title of what was asked of one booking process, without a gateway. */
export const atOneProcess = ' at one process';
export const openLoopTitle = 'open loop';

/** "10,000 arrivals/s for 10 s". */
export function steadyTitle(perSecond: number, seconds: number): string {
  return `${formatCount(perSecond)} arrivals/s for ${seconds} s`;
}

/** "1 process", "2 processes". */
export function processesTitle(count: number): string {
  return count === 1 ? '1 process' : `${count} processes`;
}

/** "300 for 299". */
export function herdTitle(buyers: number, seats: number): string {
  return `${formatCount(buyers)} for ${formatCount(seats)}`;
}

/** "1,000,000 bookings before". */
export function tableTitle(bookings: number): string {
  return `${formatCount(bookings)} bookings before`;
}
