/** Booking's sale windows: read, arm, disarm; fenced by epoch, uid and generation. */
import type { CallOutcome } from '@evently/kit/caller';
import type { ArmedSale, BookingView, Sale } from '../sale/model.ts';
import { callPeer, explainOutcome, type Peer } from './call.ts';
import { disarmAnswer, saleAnswer, staleEpoch } from './contracts.ts';

export type Fence = { epoch: number; uid: string; generation: number };
export type ArmCommand = Fence & Pick<Sale, 'opensAtMs' | 'closesAtMs' | 'intent'>;

/** `stale`: booking holds a newer command, and changed nothing. `failed`: nothing is known about the effect. */
export type CommandOutcome<T> =
  | { kind: 'done'; value: T }
  | { kind: 'stale'; stored: Fence }
  | { kind: 'unknown-event' }
  | { kind: 'failed'; why: string };

/** Every call ends within the deadline, or when `signal` aborts. None throws. */
export type BookingClient = {
  read: (eventId: string, signal: AbortSignal) => Promise<BookingView>;
  arm: (eventId: string, command: ArmCommand, signal: AbortSignal) => Promise<CommandOutcome<ArmedSale>>;
  disarm: (eventId: string, fence: Fence, signal: AbortSignal) => Promise<CommandOutcome<null>>;
};

const deadlineMs = 5_000;

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
      if (outcome.kind === 'refused' && outcome.status === 404) return absenceOf(outcome.detail);
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
      const request = { method: 'DELETE', path: `${pathOf(eventId)}?${query}` };
      const outcome = await callPeer(peer, { deadlineMs, signal }, request, disarmAnswer);
      return outcome.kind === 'ok' ? { kind: 'done', value: null } : refusalOf(outcome);
    },
  };
}

function pathOf(eventId: string): string {
  return `/internal/sales/${encodeURIComponent(eventId)}`;
}

// Booking answers 404 for both; the sentence names what it looked for.
function absenceOf(detail: string): BookingView {
  return detail.startsWith('No such event') ? { kind: 'unknown-event' } : { kind: 'not-armed' };
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
  return { kind: 'failed', why: explainOutcome('booking', outcome, deadlineMs) };
}
