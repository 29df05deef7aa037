/** The questions and orders that the event service has for booking, each with its deadline. */
import type { z } from 'zod';
import {
  eventStock,
  eventStockList,
  salesReport,
  type EventStock,
  type InventorySpec,
} from '@evently/contracts/inventory';
import type { Caller, CallOutcome } from '@evently/kit/caller';
import { withDeadline } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';
import type { Refusal } from '../domain/refusals.ts';

export type SalesReport = z.output<typeof salesReport>;
export type BookingRefusal = Extract<Refusal, { kind: 'refused-by-booking' }>;
/** `away`: no usable answer, the order may or may not have been carried out. */
export type Asked<T> =
  | { kind: 'ok'; value: T }
  | { kind: 'unknown-event' }
  | { kind: 'refused'; refusal: BookingRefusal }
  | { kind: 'away' };

export type BookingPort = {
  /** What can be sold, while the editor waits; booking's conflict is the editor's. */
  pushInventory: (eventId: string, spec: InventorySpec) => Promise<Asked<EventStock>>;
  /** At most 100 ids; those that booking knows. */
  listStock: (eventIds: readonly string[]) => Promise<Asked<readonly EventStock[]>>;
  /** For people it may be some seconds old. */
  readReport: (eventId: string, reader: 'people' | 'decision') => Promise<Asked<SalesReport>>;
  /** Between available and blocked, when `version` is the stock's. */
  moveBlocked: (
    direction: 'block' | 'unblock',
    eventId: string,
    move: { quantity: number; version: number },
  ) => Promise<Asked<EventStock>>;
};

// An edit keeps its row locked and a connection while it waits.
const pushDeadlineMs = 1_500;
const orderDeadlineMs = 1_500;
// A page is better with the last known numbers than late.
const readDeadlineMs = 800;

export function createBookingPort(caller: Caller, log: Logger): BookingPort {
  async function ask<T>(
    deadlineMs: number,
    method: string,
    path: string,
    schema: z.ZodType<T>,
    body?: unknown,
  ): Promise<Asked<T>> {
    const call = caller.call(method, path, schema, body);
    const outcome = await withDeadline(call, deadlineMs, 'booking').catch(
      (error: unknown): CallOutcome<T> => ({ kind: 'away', reason: String(error) }),
    );
    return askedOf(outcome, `${method} ${path}`, log);
  }
  return {
    pushInventory: (eventId, spec) =>
      ask(pushDeadlineMs, 'PUT', `/internal/inventory/${eventId}`, eventStock, spec),
    listStock: async (eventIds) => {
      const path = `/internal/inventory?event_ids=${eventIds.join(',')}`;
      const asked = await ask(readDeadlineMs, 'GET', path, eventStockList);
      return asked.kind === 'ok' ? { kind: 'ok', value: asked.value.inventories } : asked;
    },
    readReport: (eventId, reader) =>
      ask(orderDeadlineMs, 'GET', `/internal/inventory/${eventId}/report?for=${reader}`, salesReport),
    moveBlocked: (direction, eventId, move) =>
      ask(orderDeadlineMs, 'POST', `/internal/inventory/${eventId}/${direction}`, eventStock, move),
  };
}

const problemMembers = new Set(['type', 'title', 'status', 'detail', 'instance', 'code', 'error', 'errors']);

/** Only a conflict is the editor's matter; a rejected key or body is a fault between the services. */
function askedOf<T>(outcome: CallOutcome<T>, what: string, log: Logger): Asked<T> {
  switch (outcome.kind) {
    case 'ok':
      return outcome;
    case 'away':
      log.warn({ call: what, reason: outcome.reason }, 'booking did not answer');
      return { kind: 'away' };
    case 'refused': {
      if (outcome.status === 404) return { kind: 'unknown-event' };
      if (outcome.status !== 409) {
        log.error(
          { call: what, status: outcome.status, problem_code: outcome.code },
          'booking rejected a call',
        );
        return { kind: 'away' };
      }
      const { code, detail } = outcome;
      const extra = Object.fromEntries(
        Object.entries(outcome.problem).filter(([member]) => !problemMembers.has(member)),
      );
      return { kind: 'refused', refusal: { kind: 'refused-by-booking', code, detail, extra } };
    }
  }
}
