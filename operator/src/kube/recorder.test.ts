import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createVirtualTime } from '@evently/testkit/virtual-time';
import { KubeError } from './errors.ts';
import { withinBytes } from './event-body.ts';
import { createRecorder, type EventNote } from './recorder.ts';
import { events, type KubeObject, type ObjectBody } from './resource.ts';

const regarding = { apiVersion: 'v1', kind: 'Pod', namespace: 'test', name: 'a', uid: 'uid-a' };
const late: EventNote = { type: 'Warning', reason: 'PrewarmLate', action: 'Warm', note: 'Too late.' };
const chatty: EventNote = { type: 'Normal', reason: 'FloorRaised', action: 'RaiseFloor', note: 'To 4.' };

function failure(status: number, reason: string): KubeError {
  return new KubeError({
    call: { verb: 'create', resource: events, namespace: 'test' },
    status,
    reason,
    said: '',
  });
}

function setup() {
  const time = createVirtualTime();
  const created: ObjectBody[] = [];
  const patched: unknown[] = [];
  const counts: Record<string, number> = {};
  const faults: KubeError[] = [];
  const answer = (): void => {
    const fault = faults.shift();
    if (fault !== undefined) throw fault;
  };
  const object: KubeObject = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: {
      name: 'a.1',
      uid: 'u',
      resourceVersion: '1',
      creationTimestamp: '',
      labels: {},
      annotations: {},
      finalizers: [],
      ownerReferences: [],
      managedFields: [],
    },
  };
  const recorder = createRecorder({
    api: {
      create: async (_resource, _namespace, body) => {
        answer();
        created.push(body);
        return Promise.resolve(object);
      },
      patchJson: async (_resource, _key, operations) => {
        answer();
        patched.push(...operations);
        return Promise.resolve(object);
      },
    },
    controller: 'operator',
    instance: 'one',
    time,
    clock: { now: () => new Date(1_700_000_000_000 + time.nowMs()) },
    log: pino({ level: 'silent' }),
    count: (outcome) => void (counts[outcome] = (counts[outcome] ?? 0) + 1),
  });
  return { time, recorder, created, patched, counts, faults };
}

test('the same within ten minutes is one event with a series, later it is a new one', async () => {
  const { time, recorder, created, patched } = setup();
  recorder.record(regarding, late);
  await time.advance(300_000);
  recorder.record(regarding, late);
  await time.advance(1_000);
  expect(created).toHaveLength(1);
  expect(created[0]).toMatchObject({ eventTime: '2023-11-14T22:13:20.000000Z', type: 'Warning', regarding });
  expect(patched).toMatchObject([{ op: 'add', path: '/series', value: { count: 2 } }]);
  await time.advance(601_000);
  recorder.record(regarding, late);
  await time.advance(1_000);
  expect(created).toHaveLength(2);
});

test('a chatty reason is cut off after 25, hides no other reason, and its count is not lost', async () => {
  const { time, recorder, created, patched, counts } = setup();
  for (let at = 0; at < 40; at += 1) {
    recorder.record(regarding, chatty);
    await time.advance(100);
  }
  recorder.record(regarding, { ...chatty, reason: 'Opened' });
  await time.advance(100);
  expect(counts).toEqual({ written: 26, suppressed: 15 });
  expect(created).toHaveLength(2);
  await time.advance(300_000);
  recorder.record(regarding, chatty);
  await time.advance(100);
  expect(patched.at(-1)).toMatchObject({ value: { count: 41 } });
});

test('a Warning beyond the limit waits for its turn and tells of all', async () => {
  const { time, recorder, patched, counts } = setup();
  for (let at = 0; at < 60; at += 1) {
    recorder.record(regarding, late);
    await time.advance(100);
  }
  await time.advance(300_000);
  expect(counts['suppressed']).toBeUndefined();
  expect(patched.at(-1)).toMatchObject({ value: { count: 60 } });
  for (let at = 0; at < 5; at += 1) recorder.record(regarding, { ...late, action: `Try${at}` });
  await time.advance(100);
  expect(counts['written']).toBe(31);
});

test('an API server that is away is tried again, one that refuses is not, and nothing is thrown', async () => {
  const { time, recorder, created, counts, faults } = setup();
  faults.push(failure(0, 'ConnectionFailed'), failure(503, 'ServiceUnavailable'));
  recorder.record(regarding, late);
  await time.advance(10_000);
  expect(created).toHaveLength(1);
  faults.push(failure(403, 'Forbidden'));
  recorder.record({ ...regarding, uid: 'uid-b' }, late);
  await time.advance(60_000);
  expect(counts).toEqual({ written: 1, failed: 1 });
  await recorder.close(1_000);
  recorder.record(regarding, late);
  expect(counts).toEqual({ written: 1, failed: 1, dropped: 1 });
});

test('too many waiting are dropped and counted, Normal ones before Warnings', async () => {
  const { time, recorder, created, counts } = setup();
  for (let at = 0; at < 1_001; at += 1) recorder.record({ ...regarding, uid: `n${at}` }, chatty);
  recorder.record(regarding, late);
  await time.advance(1_000);
  expect(counts).toEqual({ dropped: 2, written: 1_000 });
  expect(created.some((body) => body['type'] === 'Warning')).toBe(true);
});

test('a note is cut at 1 kB, never inside a character', () => {
  expect(withinBytes('short', 10)).toBe('short');
  expect(withinBytes('ééééé', 8)).toBe('éé…');
});
