/** The Lease object of an election: its record read from and written to the API server, one version at a time. */
import { z } from 'zod';
import type { KubeApi } from './api.ts';
import { leases, type KubeObject, type ObjectKey } from './resource.ts';

/** What the candidates agree on. An empty `holder` means that it was handed back. Times are for people only. */
export type LeaseRecord = {
  holder: string;
  durationSeconds: number;
  transitions: number;
  acquireTime: string | null;
  renewTime: string | null;
};

/** One version of the lease. `durationSeconds` of its record is 0 when nobody wrote one. */
export type StoredLease = { object: KubeObject; record: LeaseRecord };

export type LeaseStore = {
  /** Null when there is none. */
  read: (deadlineMs: number) => Promise<StoredLease | null>;
  /** Refused when there is one already. */
  create: (record: LeaseRecord, deadlineMs: number) => Promise<StoredLease>;
  /** Refused with a conflict unless `stored` is still the version that the API server has. */
  replace: (stored: StoredLease, record: LeaseRecord, deadlineMs: number) => Promise<StoredLease>;
};

// Absent and null are the same to the API server, and anybody with the right may leave fields out.
const specSchema = z.object({
  holderIdentity: z.string().nullish(),
  leaseDurationSeconds: z.number().nullish(),
  leaseTransitions: z.number().nullish(),
  acquireTime: z.string().nullish(),
  renewTime: z.string().nullish(),
});

export function readLeaseRecord(spec: unknown): LeaseRecord {
  const read = specSchema.parse(spec ?? {});
  return {
    holder: read.holderIdentity ?? '',
    durationSeconds: read.leaseDurationSeconds ?? 0,
    transitions: read.leaseTransitions ?? 0,
    acquireTime: read.acquireTime ?? null,
    renewTime: read.renewTime ?? null,
  };
}

function specOf(record: LeaseRecord): Record<string, unknown> {
  return {
    holderIdentity: record.holder,
    leaseDurationSeconds: record.durationSeconds,
    leaseTransitions: record.transitions,
    acquireTime: record.acquireTime,
    renewTime: record.renewTime,
  };
}

const isoMillisecondsEnd = /\.(\d{3})Z$/;

/** Kubernetes' MicroTime wants six digits; an ISO text with three is refused by the API server. */
export function microTime(at: Date): string {
  return at.toISOString().replace(isoMillisecondsEnd, '.$1000Z');
}

export function createLeaseStore(api: KubeApi, key: ObjectKey): LeaseStore {
  const store = (object: KubeObject): StoredLease => ({ object, record: readLeaseRecord(object['spec']) });
  return {
    read: async (deadlineMs) => {
      const object = await api.get(leases, key, { deadlineMs });
      return object === null ? null : store(object);
    },
    create: async (record, deadlineMs) => {
      const body = { metadata: { name: key.name }, spec: specOf(record) };
      return store(await api.create(leases, key.namespace, body, { deadlineMs }));
    },
    replace: async ({ object }, record, deadlineMs) => {
      const { managedFields: _, ...metadata } = object.metadata;
      const spec = { ...z.record(z.string(), z.unknown()).parse(object['spec'] ?? {}), ...specOf(record) };
      return store(await api.update(leases, key, { metadata, spec }, { deadlineMs }));
    },
  };
}
