/** Shapes that every contract shares: ids, times, money. */
import { z } from 'zod';

/** One spelling, because ids are compared as text here and by value in a database. */
export const id = z.uuid().toLowerCase();
const firstInstantMs = Date.parse('0001-01-01T00:00:00Z');
const lastInstantMs = Date.parse('9999-12-31T23:59:59.999Z');
/** RFC 3339, in a year from 1 to 9999 of UTC: those that every program and database here can write. */
export const instant = z.iso.datetime({ offset: true }).refine((time) => {
  const atMs = Date.parse(time);
  return atMs >= firstInstantMs && atMs <= lastInstantMs;
}, 'must be in the years 1 to 9999');
/** Integer of the currency's minor units; at most 1e13, far inside what a double holds exactly. */
export const minorAmount = z.int().min(0).max(10_000_000_000_000);
/** Text that a database can store: no NUL, no half of a surrogate pair; at most `max` characters. */
export const text = (max: number): z.ZodString =>
  z
    .string()
    .max(max)
    .regex(/^[^\u0000\p{Cs}]*$/u, 'must hold no NUL and no broken characters');
/** ISO 4217, upper case. */
export const currency = z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as INR');
/** Tickets in one tier or event. */
export const maxCapacity = 10_000_000;
export const count = z.int().min(0).max(maxCapacity);
