/** Parts of route definitions that every service has: bodies, answers, what may be refused, numbers of a query. */
import { z } from '@hono/zod-openapi';

export const jsonBody = <S extends z.ZodType>(schema: S) => ({
  required: true,
  content: { 'application/json': { schema } },
});
export const jsonAnswer = <S extends z.ZodType>(description: string, schema: S) => ({
  description,
  content: { 'application/json': { schema } },
});

/** What every route with a JSON body may refuse before its own rules; for `documentRefusals`. */
export const bodyRefusals = {
  400: 'invalid_request, malformed_body',
  413: 'body_too_large',
  415: 'malformed_body',
  503: 'database_unavailable',
} as const;

/** A whole number of a query, from 1 to `max`. */
export function wholeNumber(max: number, fallback: number) {
  return z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .refine((number) => number >= 1 && number <= max, `must be from 1 to ${max}`)
    .default(fallback)
    .openapi({ type: 'integer', minimum: 1, maximum: max, default: fallback });
}
