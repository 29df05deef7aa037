/** What every script counts. Counters of seats and answers are exact; trends are in milliseconds. */
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';

/** Seats that the platform has acknowledged to a buyer. */
export const sold = new Counter('sold');
/** Buyers who were told that there is nothing left. */
export const soldOut = new Counter('sold_out');
/** Answers 429 and 503; the buyer comes again, so one buyer may count several times. */
export const shed = new Counter('shed');
/** Buyers and readers who got an answer that they should not have got, or none. */
export const failed = new Counter('failed');
export const confirmed = new Counter('confirmed');
export const cancelled = new Counter('cancelled');
export const read = new Counter('read');

/** Seats acknowledged and not given back, less the seats that are taken in the end: 0 when the books agree. */
export const unaccounted = new Counter('unaccounted');
/** Seats taken beyond what the house has. */
export const oversold = new Counter('oversold');
/** How often the house was read at the end: a run whose books were not read has not passed. */
export const housesRead = new Counter('houses_read');
export const houseSeats = new Gauge('house_seats');
export const houseTaken = new Gauge('house_taken');

/** Attempts that got an answer other than 5xx, as the objectives count them. */
export const reserveAnswered = new Rate('reserve_answered');
export const confirmAnswered = new Rate('confirm_answered');
export const browseAnswered = new Rate('browse_answered');

/** From the first attempt to the answer that decides, waits between attempts included. */
export const winners = new Trend('winners_ms', true);
export const losers = new Trend('losers_ms', true);
export const confirmations = new Trend('confirm_ms', true);
export const cancellations = new Trend('cancel_ms', true);
export const lists = new Trend('list_ms', true);
export const details = new Trend('detail_ms', true);
export const availabilities = new Trend('availability_ms', true);
