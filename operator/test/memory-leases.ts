/** For tests of the election: one lease in memory with the API server's rule for versions, and faults on demand. */
import { KubeError, type Verb } from '../src/kube/errors.ts';
import type { LeaseRecord, LeaseStore, StoredLease } from '../src/kube/lease-store.ts';
import { leases, type KubeObject } from '../src/kube/resource.ts';

/** `lost`: it happened, and nobody heard; `refused`: it did not happen. */
export type Fault = 'none' | 'lost' | 'refused';

export type MemoryLeases = {
  /** What one process sees; `before` runs ahead of each call and says how the call goes. */
  storeFor: (before: () => Promise<Fault>) => LeaseStore;
  stored: () => StoredLease | null;
  put: (record: Partial<LeaseRecord>) => void;
  remove: () => void;
  writes: () => number;
};

export function createMemoryLeases(): MemoryLeases {
  let stored: StoredLease | null = null;
  let version = 0;
  let uids = 0;

  function write(record: LeaseRecord): StoredLease {
    version += 1;
    const uid = stored?.object.metadata.uid ?? `uid-${(uids += 1)}`;
    stored = { object: objectOf(uid, version), record };
    return stored;
  }
  return {
    stored: () => stored,
    writes: () => version,
    put: (record) => {
      const base = { holder: '', durationSeconds: 15, transitions: 0, acquireTime: null, renewTime: null };
      write({ ...base, ...stored?.record, ...record });
    },
    remove: () => {
      stored = null;
    },
    storeFor: (before) => {
      const call = async <T>(verb: Verb, work: () => T): Promise<T> => {
        const fault = await before();
        if (fault === 'refused') throw errorOf(verb, 0, 'ConnectionFailed');
        const result = work();
        if (fault === 'lost') throw errorOf(verb, 0, 'DeadlinePassed');
        return result;
      };
      return {
        read: () => call('get', () => stored),
        create: (record) =>
          call('create', () => {
            if (stored !== null) throw errorOf('create', 409, 'AlreadyExists');
            return write(record);
          }),
        replace: (known, record) =>
          call('update', () => {
            if (stored === null) throw errorOf('update', 404, 'NotFound');
            const is = stored.object.metadata;
            const asked = known.object.metadata;
            if (is.uid !== asked.uid || is.resourceVersion !== asked.resourceVersion) {
              throw errorOf('update', 409, 'Conflict');
            }
            return write(record);
          }),
      };
    },
  };
}

function objectOf(uid: string, version: number): KubeObject {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: 'lease',
      namespace: 'test',
      uid,
      resourceVersion: String(version),
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: {},
      annotations: {},
      finalizers: [],
      ownerReferences: [],
      managedFields: [],
    },
  };
}

function errorOf(verb: Verb, status: number, reason: string): KubeError {
  const call = { verb, resource: leases, namespace: 'test', name: 'lease' };
  return new KubeError({ call, status, reason, said: 'a fault of the test' });
}
