/** What the status remembers of a sale: when it opened, how late, when it closed and drained. Pure. */
import type { EventSaleStatus } from '../api/event-sale-status.ts';
import { ownArmed, stillSells } from './arming.ts';
import type { Sale } from './model.ts';
import type { SaleInput } from './sale-plan.ts';

/** Observed, never decided: lost with the status, each is found again or left out. */
export function factsOf(input: SaleInput): Sale['recorded'] {
  const { sale, observed } = input;
  const { booking, duplicateOf } = observed;
  if (duplicateOf !== null) return sale.recorded;
  const openedAtMs = sale.recorded.openedAtMs ?? firstOpenedMs(input);
  const closedAtMs = closedMs(input);
  return {
    openedAtMs,
    openLatenessMs: openedAtMs === null ? null : latenessMs(input, openedAtMs),
    closedAtMs,
    drainedAtMs: closedAtMs === null ? null : drainedMs(input, closedAtMs, openedAtMs),
    epoch: ownArmed(sale, booking)?.epoch ?? sale.recorded.epoch,
  };
}

/** By booking's clock; when it was held or stopped at its time, from when it was seen to sell. */
function firstOpenedMs({ sale, observed, previous, nowMs }: SaleInput): number | null {
  const stored = ownArmed(sale, observed.booking);
  if (stored === null || stored.openedAtMs === null || stored.opensAtMs !== sale.opensAtMs) return null;
  if (stored.firstReservedAtMs === null && stored.intent !== 'Run') return null;
  if (!wasHeld(previous)) return stored.openedAtMs;
  return Math.max(stored.openedAtMs, Math.min(nowMs, stored.firstReservedAtMs ?? nowMs));
}

function wasHeld(previous: EventSaleStatus | null): boolean {
  const reason = previous?.conditions?.find(({ type }) => type === 'SaleOpen')?.reason;
  return reason === 'HeldByUser' || reason === 'WaitingForWarm' || reason === 'Stopped';
}

/** An accepted reservation proves that it was open by then. */
function latenessMs({ sale, observed }: SaleInput, openedAtMs: number): number {
  const firstMs = ownArmed(sale, observed.booking)?.firstReservedAtMs ?? Infinity;
  const late = Math.max(0, Math.min(openedAtMs, Math.max(firstMs, sale.opensAtMs)) - sale.opensAtMs);
  return Math.min(late, sale.recorded.openLatenessMs ?? late);
}

/** By time at `closesAt`; by a person once booking has confirmed it. Null again when an edit reopened the window. */
function closedMs(input: SaleInput): number | null {
  const { sale, observed, nowMs } = input;
  const { closedAtMs } = sale.recorded;
  if (sale.closesAtMs !== null && sale.closesAtMs <= nowMs) {
    if (closedAtMs !== null) return closedAtMs;
    // An edit moved the close into the past: what was sold until booking was told is held from then on.
    if (stillSells(sale, observed.booking, nowMs)) return null;
    return soldOn(input) ? nowMs : sale.closesAtMs;
  }
  if (sale.intent !== 'Stop' && sale.deletedAtMs === null) return null;
  if (closedAtMs !== null) return closedAtMs;
  const { booking } = observed;
  const stored = ownArmed(sale, booking);
  const closed = booking.kind !== 'unreachable' && (stored === null || stored.intent === 'Stop');
  return closed ? nowMs : null;
}

/** Whether it was seen to sell under an earlier generation, or after its close. */
function soldOn({ sale, previous }: SaleInput): boolean {
  const conditions = previous?.conditions ?? [];
  const sold = conditions.some(({ type, status }) => type === 'SaleOpen' && status === 'True');
  const drains = conditions.some(({ type, reason }) => type === 'Ready' && reason === 'Draining');
  return sold && (drains || previous?.observedGeneration !== sale.generation);
}

function drainedMs(input: SaleInput, closedAtMs: number, openedAtMs: number | null): number | null {
  const { sale, observed, nowMs } = input;
  const { drainedAtMs } = sale.recorded;
  if (drainedAtMs !== null && drainedAtMs >= closedAtMs) return drainedAtMs;
  if (
    openedAtMs === null &&
    observed.booking.kind !== 'unreachable' &&
    ownArmed(sale, observed.booking) === null
  )
    return closedAtMs; // It was never open: nobody can hold anything of it.
  if (ownArmed(sale, observed.booking)?.held === 0) return nowMs;
  const longestMs = closedAtMs + sale.scaleDown.afterMs;
  return nowMs >= longestMs ? longestMs : null;
}
