/** Turns what an editor wrote into the terms of an event, or says what is wrong with it. Pure. */
import { maxCapacity } from '@evently/contracts/common';
import { toMajor, toMinor } from '@evently/contracts/money';
import type { EventTerms, EventType, Sale, SaleMode, Tier, WaitlistMode } from './event.ts';
import { invalidField, refused, type FieldFault, type Refused } from './refusals.ts';

/** A tier as written: amounts in major units; without an id it is found by its name, or new. */
export type WrittenTier = { tierId?: string | undefined; name: string; capacity: number; price: number };
export type WrittenSale = {
  mode?: SaleMode | undefined;
  opensAt?: Date | null | undefined;
  closesAt?: Date | null | undefined;
};

/** Fields as written; undefined leaves a field as it is. Amounts are major units. */
export type EventEdit = {
  name?: string | undefined;
  description?: string | null | undefined;
  venueId?: string | undefined;
  eventType?: EventType | undefined;
  startsAt?: Date | undefined;
  endsAt?: Date | undefined;
  totalCapacity?: number | undefined;
  basePrice?: number | undefined;
  currency?: string | undefined;
  maxPerBooking?: number | undefined;
  maxPerBuyer?: number | null | undefined;
  sale?: WrittenSale | null | undefined;
  waitlist?: WaitlistMode | undefined;
  tiers?: readonly WrittenTier[] | undefined;
};

type Required =
  'name' | 'venueId' | 'eventType' | 'startsAt' | 'endsAt' | 'totalCapacity' | 'basePrice' | 'currency';
export type NewEvent = EventEdit & { [K in Required]-?: Exclude<EventEdit[K], undefined> };

export type PlanOutcome = { ok: true; terms: EventTerms } | Refused<'invalid-fields'>;

const defaultMaxPerBooking = 10;
const onlyTierName = 'General';
// The largest amount that contracts let through.
const maxAmountMinor = 10_000_000_000_000;

/** @param newTierId makes an id for each tier that has none yet */
export function planNewEvent(written: NewEvent, newTierId: () => string): PlanOutcome {
  const tiers = written.tiers ?? [
    { name: onlyTierName, capacity: written.totalCapacity, price: written.basePrice },
  ];
  const planned = planTiers(tiers, [], written.currency, newTierId);
  const sale = planSale(written.sale ?? null);
  return settle({
    faults: [...planned.faults, ...sale.faults],
    written,
    terms: {
      name: written.name,
      description: written.description ?? null,
      venueId: written.venueId,
      eventType: written.eventType,
      startsAt: written.startsAt,
      endsAt: written.endsAt,
      totalCapacity: written.totalCapacity,
      basePriceMinor: minorOf(written.basePrice, written.currency) ?? -1,
      currency: written.currency,
      maxPerBooking: written.maxPerBooking ?? defaultMaxPerBooking,
      maxPerBuyer: written.maxPerBuyer ?? null,
      sale: sale.sale,
      waitlist: written.waitlist ?? 'automatic',
      tiers: planned.tiers,
    },
  });
}

/**
 * The terms after an edit. Tiers keep their ids: by `tier_id`, else by name. Without `tiers`, the capacity
 * and the price of an event with one tier are that tier's; with several, the tiers must be written.
 */
export function planEdit(present: EventTerms, edit: EventEdit, newTierId: () => string): PlanOutcome {
  const currency = edit.currency ?? present.currency;
  const written = edit.tiers ?? keptTiers(present, edit);
  const planned = planTiers(written, present.tiers, currency, newTierId);
  const sale = edit.sale === undefined ? { sale: present.sale, faults: [] } : planSale(edit.sale);
  const basePrice = edit.basePrice ?? toMajor(present.basePriceMinor, present.currency);
  const impliedCapacity =
    edit.tiers === undefined
      ? present.totalCapacity
      : edit.tiers.reduce((sum, tier) => sum + tier.capacity, 0);
  return settle({
    faults: [...planned.faults, ...sale.faults],
    written: edit,
    terms: {
      name: edit.name ?? present.name,
      description: edit.description === undefined ? present.description : edit.description,
      venueId: edit.venueId ?? present.venueId,
      eventType: edit.eventType ?? present.eventType,
      startsAt: edit.startsAt ?? present.startsAt,
      endsAt: edit.endsAt ?? present.endsAt,
      totalCapacity: edit.totalCapacity ?? impliedCapacity,
      basePriceMinor: minorOf(basePrice, currency) ?? -1,
      currency,
      maxPerBooking: edit.maxPerBooking ?? present.maxPerBooking,
      maxPerBuyer: edit.maxPerBuyer === undefined ? present.maxPerBuyer : edit.maxPerBuyer,
      sale: sale.sale,
      waitlist: edit.waitlist ?? present.waitlist,
      tiers: planned.tiers,
    },
  });
}

function keptTiers(present: EventTerms, edit: EventEdit): WrittenTier[] {
  const isOnly = present.tiers.length === 1;
  return present.tiers.map((tier) => ({
    tierId: tier.tierId,
    name: tier.name,
    capacity: isOnly ? (edit.totalCapacity ?? tier.capacity) : tier.capacity,
    price: (isOnly ? edit.basePrice : undefined) ?? toMajor(tier.priceMinor, present.currency),
  }));
}

type PlannedTiers = { tiers: Tier[]; faults: FieldFault[] };

function planTiers(
  written: readonly WrittenTier[],
  present: readonly Tier[],
  currency: string,
  newTierId: () => string,
): PlannedTiers {
  const faults: FieldFault[] = [];
  const byName = new Map(present.map((tier) => [spell(tier.name), tier.tierId]));
  const known = new Set(present.map((tier) => tier.tierId));
  const named = new Set(written.flatMap((tier) => (tier.tierId === undefined ? [] : [tier.tierId])));
  const names = new Set<string>();
  const ids = new Set<string>();
  const tiers = written.map((tier, index): Tier => {
    const field = `tiers.${index}`;
    if (tier.tierId !== undefined && !known.has(tier.tierId))
      faults.push({
        field: `${field}.tier_id`,
        message: 'the event has no such tier; leave it out for a new one',
      });
    const sameName = byName.get(spell(tier.name));
    // A tier that another entry claims by id is not taken by name as well.
    const found = sameName !== undefined && !named.has(sameName) ? sameName : undefined;
    const tierId = tier.tierId ?? found ?? newTierId();
    const priceMinor = minorOf(tier.price, currency);
    if (priceMinor === null) faults.push({ field: `${field}.price`, message: amountFault(currency) });
    if (names.has(spell(tier.name)))
      faults.push({ field: `${field}.name`, message: 'another tier has this name' });
    if (ids.has(tierId)) faults.push({ field: `${field}.tier_id`, message: 'another tier has this id' });
    names.add(spell(tier.name));
    ids.add(tierId);
    return { tierId, name: tier.name, capacity: tier.capacity, priceMinor: priceMinor ?? 0 };
  });
  return { tiers, faults };
}

function spell(name: string): string {
  return name.toLowerCase().normalize('NFC');
}

function minorOf(amount: number, currency: string): number | null {
  const minor = toMinor(amount, currency);
  return minor === null || minor < 0 || minor > maxAmountMinor ? null : minor;
}

function amountFault(currency: string): string {
  return `must be an amount from 0 in major units of ${currency}, with no more digits than ${currency} has`;
}

function planSale(written: WrittenSale | null): { sale: Sale; faults: FieldFault[] } {
  const opensAt = written?.opensAt ?? null;
  const closesAt = written?.closesAt ?? null;
  const hasTimes = opensAt !== null || closesAt !== null;
  const mode = written?.mode ?? (hasTimes ? 'window' : 'open');
  const faults: FieldFault[] = [];
  if (mode === 'open' && hasTimes)
    faults.push({ field: 'sale.mode', message: 'a sale with times is of the mode "window" or "managed"' });
  if (mode === 'window' && !hasTimes)
    faults.push({ field: 'sale', message: 'a window needs opens_at, closes_at or both' });
  if (opensAt !== null && closesAt !== null && opensAt >= closesAt)
    faults.push({ field: 'sale.closes_at', message: 'must be after opens_at' });
  return { sale: { mode, opensAt, closesAt }, faults };
}

type Settling = { terms: EventTerms; written: EventEdit; faults: readonly FieldFault[] };

/** What must fit together, whoever wrote it. */
function settle({ terms, written, faults: found }: Settling): PlanOutcome {
  const faults = [...found];
  if (terms.endsAt <= terms.startsAt)
    faults.push({ field: 'end_datetime', message: 'must be after start_datetime' });
  if (terms.basePriceMinor < 0) faults.push({ field: 'base_price', message: amountFault(terms.currency) });
  if (!isKnownCurrency(terms.currency))
    faults.push({ field: 'currency', message: 'must be an ISO 4217 code such as INR' });
  const sum = terms.tiers.reduce((total, tier) => total + tier.capacity, 0);
  if (sum !== terms.totalCapacity) {
    const detail = `the tiers add up to ${sum}, total_capacity says ${terms.totalCapacity}`;
    faults.push(
      written.tiers === undefined
        ? {
            field: 'tiers',
            message: `the event has several tiers: write them with the new capacity; ${detail}`,
          }
        : { field: 'tiers', message: detail },
    );
  }
  if (terms.totalCapacity < 1 || terms.totalCapacity > maxCapacity)
    faults.push({ field: 'total_capacity', message: `must be from 1 to ${maxCapacity}` });
  return faults.length > 0 ? refused({ kind: 'invalid-fields', faults }) : { ok: true, terms };
}

const currencies = new Set(Intl.supportedValuesOf('currency'));
function isKnownCurrency(code: string): boolean {
  return currencies.has(code);
}

/** An event fits into its venue. @param venueCapacity people */
export function checkVenue(
  terms: EventTerms,
  venueCapacity: number,
): { ok: true } | Refused<'capacity-above-venue'> {
  if (terms.totalCapacity <= venueCapacity) return { ok: true };
  return refused({ kind: 'capacity-above-venue', capacity: terms.totalCapacity, venueCapacity });
}

/** For a venue that an event names and nobody knows. */
export const unknownVenueNamed = invalidField('venue_id', 'there is no such venue');
