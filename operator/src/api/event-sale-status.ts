/** The status of an EventSale: its schema, its type, and the body that server-side apply takes. */
import { z } from 'zod';
import { apiVersion, fieldManager, kind } from './names.ts';
import { maxMessageCharacters } from './conditions.ts';
import { field, instant } from './schema-fields.ts';

export const maxWarmEntries = 16;
export const maxPlanEntries = 8;
const maxConditions = 8;
const maxWhyCharacters = 256;

const condition = z.object({
  type: field(
    z.enum(['Ready', 'Armed', 'CachesWarm', 'CapacityReady', 'SaleOpen', 'Reconciling', 'Stalled']),
    {
      about: 'What the condition is about.',
      example: 'Ready',
    },
  ),
  status: field(z.enum(['True', 'False', 'Unknown']), { about: 'Whether it holds.', example: 'True' }),
  observedGeneration: field(z.int().min(0), {
    about: 'The generation of the spec that was looked at.',
    example: 3,
  }),
  lastTransitionTime: field(instant(), {
    about: 'When `status` last changed.',
    example: '2026-11-20T17:30:00Z',
  }),
  reason: field(z.string().min(1).max(64), {
    about: 'One word for why; the list is below.',
    example: 'Scheduled',
  }),
  message: field(z.string().max(maxMessageCharacters), {
    about: 'A sentence for people, with what to do next.',
    example: 'Opens in 2 h 10 min.',
  }),
});

const warm = z.object({
  name: field(z.enum(['Inventory', 'Event', 'Search', 'Connections']), {
    about: 'The task.',
    example: 'Inventory',
  }),
  result: field(z.enum(['Waiting', 'Warming', 'Warm', 'Failed']), {
    about: 'Waiting before its lead time, Warming until every ready pod or service did it.',
    example: 'Warm',
  }),
  items: field(z.int().min(0), { about: 'What was read or opened, on all pods together.', example: 4 }),
  seconds: field(z.number().min(0), { about: 'What the slowest pod took.', example: 0.4 }),
  pods: field(z.int().min(0), { about: 'Pods, or services, that have done it.', example: 2 }),
});

const planStep = z.object({
  at: field(instant(), { about: 'When.', example: '2026-11-20T17:50:00Z' }),
  floor: field(z.int().min(0), { about: 'The floor of the target from then on.', example: 12 }),
  why: field(z.string().max(maxWhyCharacters), { about: 'Why.', example: 'lead time of this sale begins' }),
});

export const statusSchema = z.object({
  observedGeneration: field(z.int().min(0), {
    about: 'The generation of the spec that this status speaks of.',
    example: 3,
  }).optional(),
  conditions: field(z.array(condition).max(maxConditions), {
    about: 'How the sale is, by type.',
    mapKeys: ['type'],
  }).optional(),
  effectiveOpensAt: field(instant(), {
    about:
      'When booking opens the sale, known once it is armed: `spec.opensAt`, or the time of arming when that was later.',
    example: '2026-11-20T18:00:00Z',
  }).optional(),
  openedAt: field(instant(), {
    about: 'When booking opened the sale. From then on `spec.opensAt` cannot be changed.',
    example: '2026-11-20T18:00:00Z',
  }).optional(),
  openLatenessMillis: field(z.int().min(0), {
    about:
      'How long after `spec.opensAt` the sale opened: 0, or what arming was late, and never more than the first accepted reservation shows. That one is told under SaleOpen.',
    example: 0,
  }).optional(),
  closedAt: field(instant(), { about: 'When it closed.', example: '2026-11-20T20:00:00Z' }).optional(),
  drainedAt: field(instant(), {
    about: 'When nothing was held any more after the close.',
    example: '2026-11-20T20:15:00Z',
  }).optional(),
  floor: field(z.int().min(0), {
    about: 'The floor of the target now: least pods, for all its sales together.',
    example: 12,
  }).optional(),
  readyPods: field(z.int().min(0), { about: 'Ready pods of the target.', example: 12 }).optional(),
  warm: field(z.array(warm).max(maxWarmEntries), {
    about: 'What was warmed, task by task.',
    mapKeys: ['name'],
  }).optional(),
  plan: field(z.array(planStep).max(maxPlanEntries), {
    about: 'The next steps of the floor.',
    atomic: true,
  }).optional(),
  epoch: field(z.int().min(0), {
    about: 'The fencing number of the last write to booking; an older one is refused there.',
    example: 5,
  }).optional(),
});

/** As `/status` stores it: times are RFC 3339, what is not known is absent. */
export type EventSaleStatus = z.output<typeof statusSchema>;

export type StatusBody = {
  apiVersion: string;
  kind: string;
  metadata: { namespace: string; name: string; resourceVersion: string };
  status: EventSaleStatus;
};

/** Whom to name as `fieldManager`, with force, when applying a status body. */
export const statusFieldManager = fieldManager;

/**
 * The whole body of a server-side apply to `/status`. A field that is left out is given up and vanishes. It names the
 * version that was read: a status never lands on what somebody changed since, nor on another EventSale of the same
 * name (409 Conflict). The uid would not do: the API server does not look at it under `/status` of a custom resource.
 */
export function toStatusBody(
  read: { namespace: string; name: string; resourceVersion: string },
  status: EventSaleStatus,
): StatusBody {
  const { namespace, name, resourceVersion } = read;
  return {
    apiVersion,
    kind,
    metadata: { namespace, name, resourceVersion },
    status: {
      ...status,
      ...(status.warm && { warm: status.warm.slice(0, maxWarmEntries) }),
      ...(status.plan && { plan: status.plan.slice(0, maxPlanEntries).map(shortened) }),
    },
  };
}

function shortened(step: z.output<typeof planStep>): z.output<typeof planStep> {
  return { ...step, why: step.why.slice(0, maxWhyCharacters) };
}
