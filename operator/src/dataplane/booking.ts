/** Booking's sale windows: read, arm, disarm; fenced by epoch, uid and generation. */
import type { CallOutcome } from '@evently/kit/caller';
import type { ArmedSale, BookingView, Sale } from '../sale/model.ts';
import { callPeer, explainOutcome, type Peer } from './call.ts';
import { disarmAnswer, saleAnswer, staleEpoch } from './contracts.ts';

export type Fence = { epoch: number; uid: string; generation: number };
export type ArmCommand = Fence & Pick<Sale, 'opensAtMs' | 'closesAtMs' | 'intent'>;
/** `warmsAtMs`: from when on every process of booking keeps itself warm for the sale. */
export type ArmRequest = ArmCommand & { warmsAtMs: number };

/**
 * `stale`: booking holds a newer command, and changed nothing. `refused`: it will not take this one, however often.
 * `failed`: nothing is known about the effect.
 */
export type CommandOutcome<T> =
  | { kind: 'done'; value: T }
  | { kind: 'stale'; stored: Fence }
  | { kind: 'unknown-event' }
  | { kind: 'refused'; why: string }
  | { kind: 'failed'; why: string };

/** Every call ends within the deadline, or when `signal` aborts. None throws. */
export type BookingClient = {
  read: (eventId: string, signal: AbortSignal) => Promise<BookingView>;
  arm: (eventId: string, command: ArmRequest, signal: AbortSignal) => Promise<CommandOutcome<ArmedSale>>;
  disarm: (eventId: string, fence: Fence, signal: AbortSignal) => Promise<CommandOutcome<null>>;
};

const deadlineMs = 5_000;
/** The command itself is what is wrong. A missing key (401) or a full queue (503) says nothing about it. */
const finalStatuses = [400, 409, 410, 422];

export function createBookingClient(peer: Peer & { baseUrl: string }): BookingClient {
  return {
    read: async (eventId, signal) => {
      const outcome = await callPeer(
        peer,
        { deadlineMs, signal },
        { method: 'GET', path: pathOf(eventId) },
        saleAnswer,
      );
      if (outcome.kind === 'ok') return { kind: 'armed', sale: outcome.value.sale };
      if (outcome.kind === 'refused' && outcome.status === 404) return absenceOf(outcome.code);
      return { kind: 'unreachable', why: explainOutcome('booking', outcome, deadlineMs) };
    },
    arm: async (eventId, command, signal) => {
      const body = {
        epoch: command.epoch,
        uid: command.uid,
        generation: command.generation,
        opens_at: new Date(command.opensAtMs).toISOString(),
        closes_at: command.closesAtMs === null ? null : new Date(command.closesAtMs).toISOString(),
        intent: command.intent,
        warms_at: new Date(command.warmsAtMs).toISOString(),
      };
      const request = { method: 'PUT', path: pathOf(eventId), body };
      const outcome = await callPeer(peer, { deadlineMs, signal }, request, saleAnswer);
      return outcome.kind === 'ok' ? { kind: 'done', value: outcome.value.sale } : refusalOf(outcome);
    },
    disarm: async (eventId, fence, signal) => {
      const query = new URLSearchParams({
        epoch: String(fence.epoch),
        uid: fence.uid,
        generation: String(fence.generation),
      });
      const request = { method: 'DELETE', path: `${pathOf(eventId)}?${query.toString()}` };
      const outcome = await callPeer(peer, { deadlineMs, signal }, request, disarmAnswer);
      return outcome.kind === 'ok' ? { kind: 'done', value: null } : refusalOf(outcome);
    },
  };
}

function pathOf(eventId: string): string {
  return `/internal/sales/${encodeURIComponent(eventId)}`;
}

function absenceOf(code: string): BookingView {
  return code === 'sale_not_armed' ? { kind: 'not-armed' } : { kind: 'unknown-event' };
}

function refusalOf(outcome: Exclude<CallOutcome<unknown>, { kind: 'ok' }>): CommandOutcome<never> {
  if (outcome.kind === 'refused' && outcome.status === 404) return { kind: 'unknown-event' };
  if (outcome.kind === 'refused' && outcome.code === 'stale_epoch') {
    const stored = staleEpoch.safeParse(outcome.problem);
    if (stored.success) {
      const { epoch, uid, generation } = stored.data;
      return { kind: 'stale', stored: { epoch, uid, generation } };
    }
  }
  const why = explainOutcome('booking', outcome, deadlineMs);
  const isFinal = outcome.kind === 'refused' && finalStatuses.includes(outcome.status);
  return isFinal ? { kind: 'refused', why } : { kind: 'failed', why };
}
