/** The invariants of this database as statements that return the rows which break them. */
import type { Sql } from '@evently/kit/postgres';

export type Check = { invariant: string; about: string; violations: { count: number; rows: string[] } };
type Statement = { invariant: string; about: string; text: string };

const namedRows = 10;

// Each statement returns one column, `broken`: a sentence that names the row. All run in one snapshot.
const statements: readonly Statement[] = [
  {
    invariant: 'I1, I2',
    about: 'each tier: nothing negative, available + held + sold + blocked = capacity',
    text: `select format('event %s tier %s: %s + %s + %s + %s, capacity %s', event_id, tier_id, available, held, sold, blocked, capacity) as broken
             from inventory
            where available < 0 or held < 0 or sold < 0 or blocked < 0 or available + held + sold + blocked <> capacity`,
  },
  {
    invariant: 'I3, I14',
    about: 'held and sold of each tier are what its bookings hold and have bought',
    text: `with counted as (
             select b.event_id, l.tier_id,
                    coalesce(sum(l.quantity) filter (where b.status in ('pending', 'paying', 'payment_unknown')), 0) as held,
                    coalesce(sum(l.quantity) filter (where b.status = 'confirmed'), 0) as sold
               from bookings b, unnest(b.tier_ids, b.quantities) l(tier_id, quantity)
              group by 1, 2)
           select format('event %s tier %s: counters say %s held and %s sold, bookings say %s and %s',
                         coalesce(i.event_id, c.event_id), coalesce(i.tier_id, c.tier_id), i.held, i.sold, c.held, c.sold) as broken
             from inventory i full join counted c on c.event_id = i.event_id and c.tier_id = i.tier_id
            where coalesce(i.held, 0) <> coalesce(c.held, 0) or coalesce(i.sold, 0) <> coalesce(c.sold, 0)`,
  },
  {
    invariant: 'I6, I35',
    about: 'versions rise by one with each change, and each change has its one message',
    text: `with versions as (
             select key::uuid as event_id, (payload ->> 'version')::bigint as version
               from outbox where topic = 'booking' and type = 'booking.stock_changed'),
           per_event as (
             select event_id, min(version) as low, max(version) as high, count(*) as messages, count(distinct version) as versions
               from versions group by event_id)
           select format('event %s: versions %s to %s in %s messages, %s of them distinct; the row says %s',
                         s.event_id, p.low, p.high, p.messages, p.versions, s.version) as broken
             from event_sales s left join per_event p on p.event_id = s.event_id
            where p.event_id is not null and (p.messages <> p.versions or p.high - p.low + 1 <> p.versions or p.high <> s.version)`,
  },
  {
    invariant: 'I9',
    about: 'no hold outside the window, among those made since the window was last changed',
    text: `select format('booking %s of event %s was made at %s, outside the window', b.id, b.event_id, b.created_at) as broken
             from bookings b
             join event_sales s on s.event_id = b.event_id
             join event_details d on d.event_id = b.event_id
             left join armed_sales a on a.event_id = b.event_id
            where b.created_at > d.updated_at and a.event_id is null and s.status = 'published'
              and (b.created_at < s.sells_from or b.created_at >= s.sells_until)`,
  },
  {
    invariant: 'I9',
    about: 'the window in force is that of the armed sale, or of the catalog where none is armed',
    text: `select format('event %s sells from %s until %s, its %s says from %s until %s', s.event_id, s.sells_from, s.sells_until,
                         case when a.event_id is null then 'catalog' else 'armed sale' end, w.sells_from, w.sells_until) as broken
             from event_sales s
             join event_details d on d.event_id = s.event_id
             left join armed_sales a on a.event_id = s.event_id and a.disarmed_at is null
            cross join lateral (
             select case when s.status <> 'published' then '-infinity'
                         when a.event_id is not null then case when a.intent = 'Hold' then 'infinity' else a.opens_at end
                         when d.sale_mode = 'managed' then 'infinity'
                         when d.sale_mode = 'window' then coalesce(date_trunc('milliseconds', d.opens_at), '-infinity')
                         else '-infinity' end::timestamptz as sells_from,
                    case when s.status <> 'published' then '-infinity'
                         when a.event_id is not null then case when a.intent = 'Stop' then '-infinity' else coalesce(a.closes_at, 'infinity') end
                         when d.sale_mode = 'window' then coalesce(date_trunc('milliseconds', d.closes_at), 'infinity')
                         else 'infinity' end::timestamptz as sells_until) w
            where s.sells_until <> w.sells_until or (s.status = 'published' and s.sells_from <> w.sells_from)`,
  },
  {
    invariant: 'I10',
    about: 'no buyer above the limit, among those who reserved since it was last changed',
    text: `select format('buyer %s has %s tickets of event %s, the limit is %s', b.user_id, sum(b.quantity), b.event_id, s.max_per_buyer) as broken
             from bookings b
             join event_sales s on s.event_id = b.event_id
             join event_details d on d.event_id = b.event_id
            where s.max_per_buyer is not null and b.status in ('pending', 'paying', 'payment_unknown', 'confirmed')
            group by b.event_id, b.user_id, s.max_per_buyer, d.updated_at
           having sum(b.quantity) > s.max_per_buyer and max(b.created_at) > d.updated_at`,
  },
  {
    invariant: 'I11',
    about: 'quantity and total are the sums of the lines, in the currency of the event',
    text: `select format('booking %s: %s tickets for %s %s, its lines say otherwise', b.id, b.quantity, b.total_minor, b.currency) as broken
             from bookings b
             join event_sales s on s.event_id = b.event_id
            cross join lateral (select sum(l.quantity) as quantity, sum(l.quantity * l.price) as total
                                  from unnest(b.quantities, b.unit_prices) l(quantity, price)) t
            where b.currency <> s.currency or b.quantity <> t.quantity or b.total_minor <> t.total`,
  },
  {
    invariant: 'I12, I13',
    about: 'every status was reached by the graph, step by step, and no hold lapsed before its time',
    text: `with steps as (
             select t.booking_id, t.revision, t.from_status, t.to_status, t.cause, t.at,
                    lag(t.to_status, 1, 'pending') over w as before, lag(t.revision, 1, 1) over w as revision_before,
                    row_number() over (partition by t.booking_id order by t.revision desc) as from_last
               from booking_transitions t
             window w as (partition by t.booking_id order by t.revision))
           select format('booking %s revision %s: %s to %s by %s', booking_id, revision, from_status, to_status, cause) as broken
             from steps
            where from_status <> before or revision <> revision_before + 1
               or (from_status, to_status) not in (('pending', 'paying'), ('pending', 'confirmed'), ('pending', 'cancelled'), ('pending', 'expired'),
                   ('paying', 'pending'), ('paying', 'payment_unknown'), ('paying', 'confirmed'), ('paying', 'expired'),
                   ('payment_unknown', 'pending'), ('payment_unknown', 'confirmed'), ('payment_unknown', 'expired'),
                   ('expired', 'confirmed'), ('confirmed', 'cancelled'))
               or (from_status = 'expired' and cause <> 'late_payment')
           union all
           select format('booking %s is %s at revision %s, its last step says otherwise', b.id, b.status, b.revision)
             from bookings b left join steps l on l.booking_id = b.id and l.from_last = 1
            where b.status <> coalesce(l.to_status, 'pending') or b.revision <> coalesce(l.revision, 1)
           union all
           select format('booking %s lapsed at %s, its hold ended at %s', b.id, t.at, b.expires_at)
             from booking_transitions t join bookings b on b.id = t.booking_id and b.event_id = t.event_id
            where t.cause = 'hold_lapsed' and t.at < b.expires_at`,
  },
  {
    invariant: 'I15',
    about: 'no pending hold is more than ten seconds past its end',
    text: `select format('booking %s should have lapsed at %s', id, expires_at) as broken
             from bookings where status = 'pending' and expires_at < transaction_timestamp() - interval '10 seconds'`,
  },
  {
    invariant: 'I16',
    about: 'no booking of an event or tier that is gone, no ticket or refund without its booking',
    text: `select format('booking %s names tier %s, which event %s does not have', b.id, l.tier_id, b.event_id) as broken
             from bookings b, unnest(b.tier_ids) l(tier_id)
            where not exists (select 1 from inventory i where i.event_id = b.event_id and i.tier_id = l.tier_id)
           union all
           select format('ticket %s-%s has no booking', t.booking_id, t.number) from tickets t
            where not exists (select 1 from bookings b where b.id = t.booking_id and b.event_id = t.event_id)
           union all
           select format('refund %s has no booking', r.id) from booking_refunds r
            where not exists (select 1 from bookings b where b.id = r.booking_id and b.event_id = r.event_id)`,
  },
  {
    invariant: 'I17',
    about: 'one booking for each buyer, event and key',
    text: `select format('buyer %s used key %s %s times for event %s', user_id, idempotency_key, count(*), event_id) as broken
             from bookings group by event_id, user_id, idempotency_key having count(*) > 1`,
  },
  {
    invariant: 'I22, I23',
    about: 'nobody gets more back than was paid, and only bought bookings or late money are refunded',
    text: `select format('booking %s: %s refunded of %s', b.id, sum(r.amount_minor), b.total_minor) as broken
             from booking_refunds r join bookings b on b.id = r.booking_id and b.event_id = r.event_id
            where r.status <> 'failed'
            group by b.id, b.event_id, b.total_minor, r.attempt
           having sum(r.amount_minor) > b.total_minor`,
  },
  {
    invariant: 'I27, I30',
    about: 'nobody who waits was passed over, and free stock is not kept from who waits',
    text: `select format('entry %s waits for %s, entry %s got %s later in the line', w.id, w.quantity, o.id, o.quantity) as broken
             from waitlist_entries o
             join waitlist_entries w on w.event_id = o.event_id and w.tier_id = o.tier_id and w.status = 'waiting'
              and (-w.priority, w.joined_at, w.place) < (-o.priority, o.joined_at, o.place)
              and w.quantity <= o.quantity and w.joined_at <= o.offered_at
            where o.offered_at is not null
           union all
           select format('entry %s waits for %s, tier %s has %s', w.id, w.quantity, w.tier_id, i.available)
             from waitlist_entries w
             join inventory i on i.event_id = w.event_id and i.tier_id = w.tier_id
             join event_sales s on s.event_id = w.event_id
            where w.status = 'waiting' and w.quantity <= i.available and s.status = 'published'
              and transaction_timestamp() >= s.sells_from + interval '5 seconds' and transaction_timestamp() < s.sells_until`,
  },
  {
    invariant: 'I28, I29, I31',
    about: 'an open offer is one live hold of one entry; one active entry for each buyer and tier',
    text: `select format('entry %s is offered, its booking is %s', w.id, coalesce(b.status, 'missing')) as broken
             from waitlist_entries w left join bookings b on b.id = w.booking_id and b.event_id = w.event_id
            where w.status = 'offered' and coalesce(b.status, '') not in ('pending', 'paying', 'payment_unknown')
           union all
           select format('booking %s is an offer, its entry is %s', b.id, coalesce(w.status, 'missing'))
             from bookings b left join waitlist_entries w on w.id = b.waitlist_id and w.event_id = b.event_id
            where b.waitlist_id is not null and b.status in ('pending', 'paying', 'payment_unknown') and coalesce(w.status, '') <> 'offered'
           union all
           select format('buyer %s has %s active entries for tier %s', user_id, count(*), tier_id)
             from waitlist_entries where status in ('waiting', 'offered') group by event_id, user_id, tier_id having count(*) > 1`,
  },
  {
    invariant: 'I32, I33',
    about: 'each confirmed booking has one ticket for each seat, no other booking has a valid one',
    text: `with counted as (
             select booking_id, event_id, count(*) filter (where status <> 'void') as live, count(*) as all_of_them,
                    count(*) filter (where status = 'valid') as valid
               from tickets group by 1, 2)
           select format('booking %s is %s with %s seats and %s tickets', b.id, b.status, b.quantity, coalesce(c.live, 0)) as broken
             from bookings b left join counted c on c.booking_id = b.id and c.event_id = b.event_id
            where (b.status = 'confirmed' and coalesce(c.live, 0) <> b.quantity) or (b.status <> 'confirmed' and coalesce(c.valid, 0) > 0)
           union all
           select format('ticket %s-%s has a salt of %s bytes', booking_id, number, length(salt)) from tickets where length(salt) < 16`,
  },
];

/**
 * Evaluates every invariant that has data behind it, in one read-only snapshot. At most ten rows are named
 * for each; `count` has all of them. Measured at 100,000 bookings: see docs/benchmarks.md.
 */
export async function verifyBooking(sql: Sql): Promise<Check[]> {
  const checks: Check[] = [];
  for (const { invariant, about, text } of statements) {
    const { rows } = await sql.query<{ broken: string }>(text);
    checks.push({
      invariant,
      about,
      violations: { count: rows.length, rows: rows.slice(0, namedRows).map((row) => row.broken) },
    });
  }
  return checks;
}

export type PaidBooking = {
  booking_id: string;
  status: string;
  attempt: number;
  total_minor: number;
  currency: string;
  refunded_minor: number;
};
const pageSize = 5_000;

/** Bookings that money may belong to, in order of id, page by page; for the join with payment. */
export async function* listPaidBookings(sql: Sql): AsyncGenerator<PaidBooking[]> {
  let after = '00000000-0000-0000-0000-000000000000';
  while (true) {
    const { rows } = await sql.query<{
      id: string;
      status: string;
      attempt: number;
      total_minor: string;
      currency: string;
      refunded: string;
    }>({
      name: 'list-paid-bookings',
      text: `select b.id, b.status, b.attempt, b.total_minor, b.currency,
                    coalesce((select sum(r.amount_minor) from booking_refunds r
                               where r.booking_id = b.id and r.event_id = b.event_id and r.status <> 'failed'), 0) as refunded
               from bookings b where b.attempt > 0 and b.id > $1 order by b.id limit $2`,
      values: [after, pageSize],
    });
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
    yield rows.map((row) => ({
      booking_id: row.id,
      status: row.status,
      attempt: row.attempt,
      total_minor: Number(row.total_minor),
      currency: row.currency,
      refunded_minor: Number(row.refunded),
    }));
  }
}
