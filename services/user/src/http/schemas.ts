/** Shapes of the user service's requests and answers. */
import { z } from '@hono/zod-openapi';
import { isEmail, nameFault, normaliseEmail, type Account, type Session } from '../domain/account.ts';

const maxEmailText = 320;
const maxPasswordText = 400;
const maxTokenText = 8_192;

/** Trimmed, lower case, NFC; one spelling per address. */
export const email = z
  .string()
  .max(maxEmailText)
  .transform(normaliseEmail)
  .refine(isEmail, 'must be an e-mail address')
  .openapi({ type: 'string', format: 'email', example: 'asha@example.com' });

/** Only bounded here: the policy judges new passwords, and old ones may be anything. */
export const password = z.string().min(1).max(maxPasswordText);

export const personName = z
  .string()
  .max(maxEmailText)
  .transform((text) => text.trim())
  .superRefine((text, ctx) => {
    const fault = nameFault(text);
    if (fault !== null) ctx.addIssue({ code: 'custom', message: fault });
  })
  .openapi({ type: 'string', minLength: 1, maxLength: 120, example: 'Asha Rao' });

export const phoneNumber = z
  .string()
  .regex(/^\+?[0-9][0-9 ().-]{3,30}$/, 'must be a telephone number such as +91 98765 43210')
  .openapi({ example: '+91 98765 43210' });

/** A credential as text; whether it is one is for the action to say. */
export const tokenText = z.string().min(1).max(maxTokenText);

export const sessionAnswer = z
  .object({
    user_id: z.uuid(),
    email: z.string(),
    name: z.string(),
    access_token: z.string(),
    refresh_token: z.string(),
  })
  .openapi('Session');

export function presentSession(session: Session): z.output<typeof sessionAnswer> {
  return {
    user_id: session.userId,
    email: session.email,
    name: session.name,
    access_token: session.accessToken,
    refresh_token: session.refreshToken,
  };
}

export const profileAnswer = z
  .object({
    user_id: z.uuid(),
    email: z.string(),
    name: z.string(),
    phone_number: z.string().nullable(),
    created_at: z.iso.datetime(),
  })
  .openapi('Profile');

export function presentProfile(account: Account): z.output<typeof profileAnswer> {
  return {
    user_id: account.userId,
    email: account.email,
    name: account.name,
    phone_number: account.phoneNumber,
    created_at: account.createdAt.toISOString(),
  };
}

export const messageAnswer = z.object({ message: z.string() }).openapi('Message');

// What booking accepts; a higher page would be its refusal, not ours.
const maxPage = 10_000;
const maxPageSize = 100;
const defaultPageSize = '20';
export const bookingsQuery = z.strictObject({
  page: pageNumber(maxPage).default(1),
  limit: pageNumber(maxPageSize).default(Number(defaultPageSize)),
  status: z.enum(['pending', 'paying', 'payment_unknown', 'confirmed', 'cancelled', 'expired']).optional(),
});

function pageNumber(max: number) {
  return z
    .string()
    .regex(/^[1-9]\d{0,8}$/, 'must be a whole number from 1')
    .transform(Number)
    .pipe(z.int().max(max))
    .openapi({ type: 'integer', minimum: 1, maximum: max });
}
