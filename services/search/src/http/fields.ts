/** Kinds of fields of the search's queries, and their limits. */
import { z } from '@hono/zod-openapi';
import { wholeNumber } from '@evently/kit/route-parts';

/** Longer ones are no search. */
const maxTyped = 200;
const maxCity = 120;
const maxType = 60;
const maxLimit = 100;
const maxSuggestions = 20;
const maxTrending = 50;
/** Results that can be reached by pages; further ones are found by saying more. */
export const maxReach = 1_000;
const maxPrice = 1e12;
const msPerDay = 86_400_000;
const earliest = Date.UTC(1970, 0, 1);
const latest = Date.UTC(2200, 0, 1);

export const uuid = z.uuid().toLowerCase();

/** Text of a query; empty is none. */
const text = (max: number) =>
  z
    .string()
    .max(max, `must have ${max} characters at most`)
    .regex(/^[^\u0000\p{Cs}]*$/u, 'must hold no NUL and no broken characters')
    .transform((given) => given.trim())
    .transform((given) => (given === '' ? undefined : given))
    .optional()
    .openapi({ type: 'string', maxLength: max });

export const typed = text(maxTyped);
export const city = text(maxCity);
export const eventType = text(maxType).transform((given) => given?.toLowerCase());

export const page = wholeNumber(1_000_000, 1);
export const limit = wholeNumber(maxLimit, 20);
export const suggestionLimit = wholeNumber(maxSuggestions, 10);
export const trendingLimit = wholeNumber(maxTrending, 10);

const inTime = (date: Date): boolean => date.getTime() >= earliest && date.getTime() < latest;
const timeMessage = 'must be in the years 1970 to 2199';
const day = z.iso
  .date()
  .transform((given) => new Date(`${given}T00:00:00Z`))
  .refine(inTime, timeMessage);
const moment = z.iso
  .datetime({ offset: true })
  .transform((given) => new Date(given))
  .refine(inTime, timeMessage);

/** The messages of a union name neither form: what is in none of them is told both. */
const forms = { error: 'must be a day such as 2026-11-20, or a time such as 2026-11-20T18:00:00Z' };

export const dateFrom = z
  .union([day, moment], forms)
  .optional()
  .openapi({ type: 'string', example: '2026-11-20' });
/** A day means its end: events that start on it are found. */
export const dateTo = z
  .union([day.transform((date) => new Date(date.getTime() + msPerDay)), moment], forms)
  .optional()
  .openapi({ type: 'string', example: '2026-12-31' });

export const price = z
  .string()
  .regex(/^\d{1,13}(\.\d{1,6})?$/, 'must be an amount such as 499.5')
  .transform(Number)
  .refine((amount) => amount <= maxPrice, `must be ${maxPrice} at most`)
  .optional()
  .openapi({ type: 'number', minimum: 0 });

const degrees = String.raw`-?\d{1,3}(?:\.\d{1,12})?`;
const pair = new RegExp(`^(${degrees}),(${degrees})$`);

/** `latitude,longitude` in degrees. */
export const near = z
  .string()
  .regex(pair, 'must be latitude and longitude in degrees, such as 12.97,77.59')
  .transform((given) => {
    const [latitude = Number.NaN, longitude = Number.NaN] = given.split(',').map(Number);
    return { latitude, longitude };
  })
  .refine(
    ({ latitude, longitude }) => Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180,
    'must be a latitude of -90 to 90 and a longitude of -180 to 180',
  )
  .optional()
  .openapi({ type: 'string', example: '12.97,77.59' });
