/** What booking, event and search answer to the operator; unknown members are left alone. */
import { z } from 'zod';
import { warmTask } from '@evently/contracts/warm-up';
import type { ArmedSale, WarmTaskName } from '../sale/model.ts';

const instantMs = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const taskNames = new Map<string, WarmTaskName>([
  ['inventory', 'Inventory'],
  ['connections', 'Connections'],
  ['event', 'Event'],
  ['search', 'Search'],
]);

/** One task as a process reports it; `name` is null for one that the resource does not know. */
export type ReportedTask = {
  name: WarmTaskName | null;
  result: 'warm' | 'failed';
  items: number;
  seconds: number;
  error: string | null;
};

const reportedTask = warmTask.transform((task): ReportedTask => ({
  name: taskNames.get(task.task.toLowerCase()) ?? null,
  result: task.result,
  items: task.items,
  seconds: task.seconds,
  error: task.error ?? null,
}));

export const warmAnswer = z.looseObject({ warm: z.array(reportedTask) });

/** The answer to PUT and GET of `/internal/sales/{eventId}`, with what the answering process has warm. */
export const saleAnswer = z
  .looseObject({
    epoch: z.int(),
    uid: z.string(),
    generation: z.int(),
    opens_at: instantMs,
    closes_at: instantMs.nullable(),
    intent: z.enum(['Run', 'Hold', 'Stop']),
    armed: z.boolean(),
    armed_at: instantMs,
    opened_at: instantMs.nullable(),
    first_reserved_at: instantMs.nullish(),
    held: z.int(),
    sold: z.int(),
    available: z.int(),
    warm: z.array(reportedTask),
  })
  .transform((answer) => ({ sale: armedSaleOf(answer), warm: answer.warm }));

type SaleFields = {
  epoch: number;
  uid: string;
  generation: number;
  opens_at: number;
  closes_at: number | null;
  intent: ArmedSale['intent'];
  armed: boolean;
  armed_at: number;
  opened_at: number | null;
  first_reserved_at?: number | null | undefined;
  held: number;
  sold: number;
  available: number;
};

function armedSaleOf(answer: SaleFields): ArmedSale {
  return {
    epoch: answer.epoch,
    uid: answer.uid,
    generation: answer.generation,
    opensAtMs: answer.opens_at,
    closesAtMs: answer.closes_at,
    intent: answer.intent,
    armed: answer.armed,
    armedAtMs: answer.armed_at,
    openedAtMs: answer.opened_at,
    firstReservedAtMs: answer.first_reserved_at ?? null,
    held: answer.held,
    sold: answer.sold,
    available: answer.available,
  };
}

/** What a 409 `stale_epoch` says is stored. */
export const staleEpoch = z.looseObject({ epoch: z.int(), uid: z.string(), generation: z.int() });

export const disarmAnswer = z.looseObject({ message: z.string() });
