/** Pods as kubelets really report them. */
import { expect, test } from 'vitest';
import { readPod } from './contracts.ts';

const identity = { apiVersion: 'v1', kind: 'Pod' };
const metadata = {
  name: 'booking-1',
  namespace: 'shop',
  uid: 'u1',
  resourceVersion: '7',
  creationTimestamp: '2026-11-20T17:00:00Z',
  labels: {},
  annotations: {},
  finalizers: [],
  ownerReferences: [],
  managedFields: [],
};

// A container that was made and not started yet waits for no reason: kubelets leave it out.
test('a container that waits without a reason is a pod that starts', () => {
  const status = { podIP: '10.0.0.1', phase: 'Pending', containerStatuses: [{ state: { waiting: {} } }] };
  expect(readPod({ ...identity, metadata, status })).toMatchObject({
    ready: false,
    terminating: false,
    reason: '',
  });
});

test('the first reason that a container gives is the reason of the pod', () => {
  const waiting = { reason: 'ImagePullBackOff' };
  const status = { containerStatuses: [{ state: { waiting: {} } }, { state: { waiting } }] };
  expect(readPod({ ...identity, metadata, status }).reason).toBe('ImagePullBackOff');
});
