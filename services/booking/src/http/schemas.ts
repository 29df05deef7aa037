/** Shapes of this service's HTTP interface. */
import { z } from '@hono/zod-openapi';
import { instant as givenInstant } from '@evently/contracts/common';
import { warmTask } from '@evently/contracts/warm-up';
import { maxWarmLeadDays } from '../domain/warmth.ts';

export const maxQuantity = 1_000;
const maxItems = 50;

/** Ids are compared as text here and by value in the database, so they have one spelling. */
export const uuid = z.uuid().toLowerCase();
export const instant = z.iso.datetime();
export const quantity = z
  .int()
  .min(1, 'must be 1 or more')
  .max(maxQuantity, `must be ${maxQuantity} or less`);
/** One line of text that a database can store: no control characters, no half of a surrogate pair. */
const line = z.string().regex(/^[^\u0000-\u001f\u007f\p{Cs}]*$/u, 'must hold no control characters');
/** Free text; control characters are ours. */
export const idempotencyKey = line.min(1).max(255);

/** The key in its header: quoted, as the draft of the header has it, or bare, as clients send it. */
export const idempotencyKeyHeader = z
  .string()
  .transform((text) => (/^".*"$/.test(text) ? text.slice(1, -1) : text))
  .pipe(idempotencyKey);

export const reserveBody = z
  .strictObject({
    event_id: uuid,
    quantity: quantity.optional(),
    tier_id: uuid.optional(),
    items: z
      .array(z.strictObject({ tier_id: uuid, quantity }))
      .min(1)
      .max(maxItems)
      .optional(),
    idempotency_key: idempotencyKey.optional(),
  })
  .refine((body) => (body.quantity === undefined) !== (body.items === undefined), {
    message: 'send quantity, or items instead of it',
    path: ['quantity'],
  })
  .refine((body) => body.items === undefined || body.tier_id === undefined, {
    message: 'each of the items names its tier',
    path: ['tier_id'],
  })
  .openapi('Reserve');

export const reservation = z
  .object({
    reservation_id: uuid,
    booking_reference: z.string(),
    expires_at: instant,
    total_amount: z.number(),
    currency: z.string(),
    status: z.string(),
  })
  .openapi('Reservation');

export const confirmBody = z
  .strictObject({
    reservation_id: uuid,
    payment_token: line.min(1).max(500),
    payment_method: line.min(1).max(60),
    idempotency_key: idempotencyKey.optional(),
  })
  .openapi('Confirm');

export const confirmation = z
  .object({
    booking_id: uuid,
    booking_reference: z.string(),
    status: z.string(),
    ticket_url: z.string().nullable(),
    payment: z.object({
      payment_id: uuid.nullable(),
      transaction_id: z.string().nullable(),
      status: z.string(),
      amount: z.number(),
      currency: z.string(),
    }),
  })
  .openapi('Confirmation');

export const bookingStatus = z.enum([
  'pending',
  'paying',
  'payment_unknown',
  'confirmed',
  'cancelled',
  'expired',
]);

export const bookingView = z
  .object({
    booking_id: uuid,
    booking_reference: z.string(),
    user_id: uuid,
    event: z.object({ event_id: uuid, name: z.string(), venue: z.string(), datetime: instant }),
    quantity: z.int(),
    items: z.array(z.object({ tier_id: uuid, quantity: z.int(), unit_price: z.number() })),
    total_amount: z.number(),
    currency: z.string(),
    status: bookingStatus,
    payment_status: z.enum([
      'none',
      'pending',
      'unknown',
      'paid',
      'refund_pending',
      'refunded',
      'refund_failed',
    ]),
    refund_amount: z.number(),
    ticket_url: z.string().nullable(),
    expires_at: instant.nullable(),
    booked_at: instant,
    confirmed_at: instant.nullable(),
  })
  .openapi('Booking');

export const bookingList = z
  .object({
    bookings: z.array(bookingView),
    total: z.int(),
    page: z.int(),
    limit: z.int(),
    total_pages: z.int(),
  })
  .openapi('BookingList');

const pageNumber = z.coerce.number().int().min(1);
export const listQuery = z.object({
  page: pageNumber.max(10_000).default(1),
  limit: pageNumber.max(100).default(20),
  status: bookingStatus.optional(),
});

export const cancelled = z
  .object({
    message: z.string(),
    refund_status: z.enum(['none', 'pending']),
    refund_amount: z.number(),
    currency: z.string(),
  })
  .openapi('Cancelled');

export const availability = z
  .object({
    available: z
      .boolean()
      .describe('Whether this quantity can be reserved now: the sale is open, the seats are there'),
    available_seats: z.int(),
    max_per_booking: z.int(),
    base_price: z.number(),
    currency: z.string(),
  })
  .openapi('Availability');

export const ticketView = z
  .object({
    ticket_id: z.string(),
    number: z.int(),
    tier_id: uuid,
    status: z.enum(['valid', 'used', 'void']),
    code: z.string(),
    qr: z.string(),
    used_at: instant.nullable(),
  })
  .openapi('Ticket');

export const joinBody = z
  .strictObject({ event_id: uuid, quantity, tier_id: uuid.optional() })
  .openapi('JoinWaitlist');
export const joined = z
  .object({ waitlist_id: uuid, position: z.int(), estimated_wait: z.string(), status: z.string() })
  .openapi('JoinedWaitlist');
export const place = z
  .object({
    waitlist_id: uuid,
    position: z.int(),
    total_waiting: z.int(),
    status: z.enum(['waiting', 'offered', 'converted', 'expired']),
    estimated_wait: z.string(),
    quantity_requested: z.int(),
    tier_id: uuid,
    reservation_id: uuid.optional(),
    offered_at: instant.optional(),
    expires_at: instant.optional(),
  })
  .openapi('WaitlistPlace');
export const leaveBody = z.strictObject({ event_id: uuid }).openapi('LeaveWaitlist');
export const message = z.object({ message: z.string() }).openapi('Message');

export const scanBody = z
  .strictObject({ code: line.min(16).max(200), where: line.max(120).default('') })
  .openapi('Scan');
export const scanned = z
  .object({
    status: z.literal('accepted'),
    booking_id: uuid,
    event_id: uuid,
    tier_id: uuid,
    number: z.int(),
    used_at: instant,
  })
  .openapi('Scanned');

const maxWarmLeadMs = maxWarmLeadDays * 86_400_000;
export const armBody = z
  .strictObject({
    epoch: z.int().min(0),
    uid: line.min(1).max(128),
    generation: z.int().min(0),
    opens_at: givenInstant,
    closes_at: givenInstant.nullable(),
    intent: z.enum(['Run', 'Hold', 'Stop']),
    warms_at: givenInstant
      .optional()
      .describe('From when every process is to be warm; 10 min before opens_at by default, 7 days at most'),
  })
  .refine(
    (body) => {
      const leadMs = Date.parse(body.opens_at) - Date.parse(body.warms_at ?? body.opens_at);
      return leadMs >= 0 && leadMs <= maxWarmLeadMs;
    },
    { message: 'must be at opens_at or before it, by 7 days at most', path: ['warms_at'] },
  )
  .refine((body) => body.closes_at === null || Date.parse(body.closes_at) > Date.parse(body.opens_at), {
    message: 'must be after opens_at; null leaves the end open',
    path: ['closes_at'],
  })
  .openapi('ArmSale');
export const fenceQuery = z.object({
  epoch: z.coerce.number().int().min(0),
  uid: line.min(1).max(128),
  generation: z.coerce.number().int().min(0),
});
export const saleView = z
  .object({
    event_id: uuid,
    epoch: z.int(),
    uid: z.string(),
    generation: z.int(),
    opens_at: instant,
    closes_at: instant.nullable(),
    intent: z.enum(['Run', 'Hold', 'Stop']),
    warms_at: instant,
    armed: z.boolean().describe('False for the tombstone of a sale that was disarmed'),
    armed_at: instant,
    opened_at: instant.nullable(),
    first_reserved_at: instant
      .nullable()
      .describe('When the first reservation since opens_at and armed_at was accepted'),
    held: z.int(),
    sold: z.int(),
    available: z.int(),
    warm: z.array(warmTask),
  })
  .openapi('Sale');
