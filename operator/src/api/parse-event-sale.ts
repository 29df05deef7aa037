/** Reads an EventSale of the API server: the one door through which raw objects become sales. */
import { z } from 'zod';
import type { Need, Sale, WarmTaskSpec } from '../sale/model.ts';
import { parseDuration } from './duration.ts';
import { specSchema, type EventSaleSpec } from './event-sale.ts';
import { statusSchema, type EventSaleStatus } from './event-sale-status.ts';

const metadataSchema = z.object({
  namespace: z.string().min(1),
  name: z.string().min(1),
  uid: z.string().min(1),
  resourceVersion: z.string(),
  generation: z.int().min(0).default(0),
  creationTimestamp: z.string(),
  deletionTimestamp: z.string().optional(),
  finalizers: z.array(z.string()).default([]),
});
const envelopeSchema = z.object({
  metadata: metadataSchema,
  spec: z.unknown().optional(),
  status: z.unknown().optional(),
});

/** What can be said of an EventSale even when its spec cannot be read. */
export type SaleMetadata = {
  namespace: string;
  name: string;
  uid: string;
  resourceVersion: string;
  generation: number;
  createdAtMs: number;
  deletedAtMs: number | null;
  finalizers: readonly string[];
};

export type ParsedEventSale = {
  metadata: SaleMetadata;
  /** As stored; null where there is none yet, or none that can be read. */
  status: EventSaleStatus | null;
  /** Null when the spec cannot be acted on; `faults` then says why. */
  sale: Sale | null;
  /** What a person must correct, one sentence each: Stalled/InvalidSpec. A sale with a fault that moves nothing, such as an unknown time zone, is acted on all the same. */
  faults: readonly string[];
};

/** Never throws for what a person may have written; throws for what no API server sends (no metadata). */
export function parseEventSale(raw: unknown): ParsedEventSale {
  const envelope = envelopeSchema.parse(raw);
  const metadata = readMetadata(envelope.metadata);
  const stored = statusSchema.safeParse(envelope.status);
  const status = stored.success ? stored.data : null;
  const spec = specSchema.safeParse(envelope.spec);
  if (!spec.success) {
    const faults = spec.error.issues.map((issue) => `spec.${issue.path.join('.')}: ${issue.message}`);
    return { metadata, status, sale: null, faults };
  }
  return { metadata, status, ...readSpec(metadata, spec.data, status) };
}

/** The sale of `raw`; throws with the faults where there is none. */
export function requireSale(raw: unknown): Sale {
  const { sale, faults, metadata } = parseEventSale(raw);
  if (sale === null) {
    throw new Error(`EventSale ${metadata.namespace}/${metadata.name} cannot be read: ${faults.join('; ')}`);
  }
  return sale;
}

function readMetadata(metadata: z.output<typeof metadataSchema>): SaleMetadata {
  const { creationTimestamp, deletionTimestamp, ...rest } = metadata;
  return {
    ...rest,
    createdAtMs: parseInstant(creationTimestamp) ?? 0,
    deletedAtMs: deletionTimestamp === undefined ? null : parseInstant(deletionTimestamp),
  };
}

type SpecRead = { sale: Sale | null; faults: readonly string[] };

function readSpec(metadata: SaleMetadata, spec: EventSaleSpec, status: EventSaleStatus | null): SpecRead {
  const faults: string[] = [];
  const instant = (name: string, text: string): number => {
    const atMs = parseInstant(text);
    if (atMs === null) faults.push(`spec.${name}: "${text}" is no time: write it like 2026-11-20T18:00:00Z.`);
    return atMs ?? 0;
  };
  const span = (name: string, text: string): number => {
    const ms = parseDuration(text);
    if (ms === null) faults.push(`spec.${name}: "${text}" is no duration: write it like 90s or 1h30m.`);
    return ms ?? 0;
  };
  const { resourceVersion: _version, finalizers: _finalizers, ...identity } = metadata;
  const sale: Sale = {
    ...identity,
    eventId: spec.eventID,
    opensAtMs: instant('opensAt', spec.opensAt),
    closesAtMs: spec.closesAt === undefined ? null : instant('closesAt', spec.closesAt),
    timeZone: spec.timeZone,
    targetName: spec.target.name,
    need: readNeed(spec),
    leadTime:
      spec.prewarm.leadTime === 'Auto'
        ? { kind: 'auto' }
        : { kind: 'fixed', ms: span('prewarm.leadTime', spec.prewarm.leadTime) },
    tasks: spec.prewarm.tasks.map((task): WarmTaskSpec => {
      const { name, policy } = task;
      return { name, policy, timeoutMs: span(`prewarm.tasks.${name}.timeout`, task.timeout) };
    }),
    openGate:
      spec.openGate.mode === 'Always'
        ? { mode: 'Always' }
        : // The schema asks for onNotMet; an object stored before it did opens on time.
          { mode: 'RequireWarm', onNotMet: spec.openGate.onNotMet ?? 'Degrade' },
    intent: spec.intent,
    management: spec.management,
    priority: spec.priority,
    scaleDown: {
      stepPercent: spec.scaleDown.stepPercent,
      periodMs: span('scaleDown.period', spec.scaleDown.period),
      afterMs: span('scaleDown.after', spec.scaleDown.after),
    },
    deletionPolicy: spec.deletionPolicy,
    recorded: readRecorded(status),
  };
  if (faults.length > 0) return { sale: null, faults };
  return { sale, faults: isTimeZone(spec.timeZone) ? [] : [zoneFault(spec.timeZone)] };
}

function readNeed(spec: EventSaleSpec): Need {
  if (spec.demand) return { kind: 'demand', reservationsPerSecond: spec.demand.peakReservationsPerSecond };
  return spec.floor ? { kind: 'floor', replicas: spec.floor.replicas } : { kind: 'none' };
}

function readRecorded(status: EventSaleStatus | null): Sale['recorded'] {
  const at = (text: string | undefined): number | null => (text === undefined ? null : parseInstant(text));
  return {
    openedAtMs: at(status?.openedAt),
    closedAtMs: at(status?.closedAt),
    drainedAtMs: at(status?.drainedAt),
    openLatenessMs: status?.openLatenessMillis ?? null,
    epoch: status?.epoch ?? null,
  };
}

const instantParts = /^(.{19})(?:[.,](\d{1,3})\d*)?(?:Z|([+-])(\d\d):(\d\d))$/;
const msPerMinute = 60_000;

/**
 * Milliseconds of an RFC 3339 time; null when it is none. Letters may be small, a fraction may follow a comma, and an
 * offset may be of a day: the API server takes all that, and what it took must stay readable.
 */
function parseInstant(text: string): number | null {
  const parts = instantParts.exec(text.toUpperCase());
  const localMs = Date.parse(`${parts?.[1]}Z`);
  if (parts === null || Number.isNaN(localMs)) return null;
  const [, , fraction = '', sign = '+', hours = '0', minutes = '0'] = parts;
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * msPerMinute;
  return localMs + Number(fraction.padEnd(3, '0')) + (sign === '+' ? -offsetMs : offsetMs);
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false; // Intl knows no zone of this name.
    throw error;
  }
}

function zoneFault(name: string): string {
  return `spec.timeZone: no time zone is called "${name}": use an IANA name such as Europe/Berlin. Times are shown in UTC until then.`;
}
