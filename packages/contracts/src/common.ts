/** Shapes that every contract shares: ids, times, money. */
import { z } from 'zod';

/** One spelling, because ids are compared as text here and by value in a database. */
export const id = z.uuid().toLowerCase();
/** RFC 3339 in UTC. */
export const instant = z.iso.datetime({ offset: true });
/** Integer of the currency's minor units; at most 1e13, far inside what a double holds exactly. */
export const minorAmount = z.int().min(0).max(10_000_000_000_000);
/** ISO 4217, upper case. */
export const currency = z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as INR');
/** Tickets in one tier or event. */
export const maxCapacity = 10_000_000;
export const count = z.int().min(0).max(maxCapacity);
