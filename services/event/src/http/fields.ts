/** Kinds of fields that the schemas of several resources share. */
import { z } from '@hono/zod-openapi';
import { wholeNumber } from '@evently/kit/route-parts';
import { isEmail, normaliseEmail } from '../domain/administrator.ts';

const maxEmailText = 320;
const maxPasswordText = 400;
const maxTokenText = 8_192;
const maxPage = 100_000;
const maxLimit = 100;

export const uuid = z.uuid().toLowerCase();

// Control characters break log lines, mail headers and PostgreSQL's text (NUL); lone surrogates are no text.
const controlCharacters = /[\p{Cc}\p{Cs}]/u;
const controlBesideLines = /(?![\n\r\t])[\p{Cc}\p{Cs}]/u;

/** One line of text, trimmed. */
export function line(maxLength: number): z.ZodType<string, string> {
  return z
    .string()
    .max(maxLength * 2)
    .transform((text) => text.trim())
    .refine((text) => text.length >= 1 && text.length <= maxLength, `must have 1 to ${maxLength} characters`)
    .refine((text) => !controlCharacters.test(text), 'must not contain control characters')
    .openapi({ type: 'string', minLength: 1, maxLength });
}

/** Text of several lines, as it was written. */
export function paragraphs(maxLength: number): z.ZodType<string, string> {
  return z
    .string()
    .max(maxLength)
    .refine((text) => !controlBesideLines.test(text), 'must not contain control characters');
}

const earliestYear = 2000;
const latestYear = 2200;

const inYears = (date: Date): boolean =>
  date.getUTCFullYear() >= earliestYear && date.getUTCFullYear() <= latestYear;
const yearsMessage = `must be in the years ${earliestYear} to ${latestYear}`;

/** RFC 3339 with a zone; kept to the millisecond. */
export const instant = z.iso
  .datetime({ offset: true, message: 'must be a time such as 2026-11-20T18:00:00Z' })
  .transform((text) => new Date(text))
  .refine(inYears, yearsMessage)
  .openapi({ type: 'string', format: 'date-time', example: '2026-11-20T18:00:00Z' });

/** A calendar day; its first moment in UTC. */
export const day = z.iso
  .date()
  .transform((text) => new Date(`${text}T00:00:00Z`))
  .refine(inYears, yearsMessage);

/** Trimmed, lower case, NFC; one spelling per address. */
export const email = z
  .string()
  .max(maxEmailText)
  .transform(normaliseEmail)
  .refine(isEmail, 'must be an e-mail address')
  .openapi({ type: 'string', format: 'email', example: 'asha@example.com' });

/** Only bounded here: the policy judges new passwords, and old ones may be anything. */
export const password = z.string().min(1).max(maxPasswordText);
export const tokenText = z.string().min(1).max(maxTokenText);

/** `page` from 1, `limit` of 100 at most. */
export const pageQuery = { page: wholeNumber(maxPage, 1), limit: wholeNumber(maxLimit, 20) };

export const idempotencyHeader = z.object({ 'idempotency-key': z.string().min(1).max(255).optional() });
export const messageAnswer = z.object({ message: z.string() }).openapi('Message');

/** What every administrator's route may refuse. */
export const adminRefusals = { 401: 'unauthorized', 403: 'forbidden' } as const;
