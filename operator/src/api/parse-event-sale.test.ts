import { expect, test } from 'vitest';
import { toStatusBody, type EventSaleStatus } from './event-sale-status.ts';
import { parseEventSale, requireSale } from './parse-event-sale.ts';

const eventID = '0197f3c2-5b1e-7c44-9d0a-3f6f5f1f2a10';
const metadata = {
  namespace: 'evently',
  name: 'tour',
  uid: 'u-1',
  resourceVersion: '7',
  generation: 2,
  creationTimestamp: '2026-11-20T10:00:00Z',
};
const spec = { eventID, opensAt: '2026-11-20T19:00:00+01:00', demand: { peakReservationsPerSecond: 8000 } };
const raw = (changes: object = {}, more: object = {}): object => ({
  apiVersion: 'evently.dev/v1alpha1',
  kind: 'EventSale',
  metadata,
  spec: { ...spec, ...changes },
  ...more,
});

test('a sale is read with the defaults of the schema, in units', () => {
  expect(requireSale(raw())).toEqual({
    namespace: 'evently',
    name: 'tour',
    uid: 'u-1',
    generation: 2,
    createdAtMs: Date.parse('2026-11-20T10:00:00Z'),
    deletedAtMs: null,
    eventId: eventID,
    opensAtMs: Date.parse('2026-11-20T18:00:00Z'),
    closesAtMs: null,
    timeZone: 'UTC',
    targetName: 'booking',
    need: { kind: 'demand', reservationsPerSecond: 8000 },
    leadTime: { kind: 'auto' },
    tasks: [
      { name: 'Inventory', policy: 'Required', timeoutMs: 60_000 },
      { name: 'Connections', policy: 'Required', timeoutMs: 60_000 },
      { name: 'Event', policy: 'BestEffort', timeoutMs: 60_000 },
      { name: 'Search', policy: 'BestEffort', timeoutMs: 60_000 },
    ],
    openGate: { mode: 'Always' },
    intent: 'Run',
    management: 'Managed',
    priority: 0,
    scaleDown: { stepPercent: 20, periodMs: 60_000, afterMs: 1_800_000 },
    deletionPolicy: 'CloseAndRelease',
    recorded: { openedAtMs: null, closedAtMs: null, drainedAtMs: null, openLatenessMs: null, epoch: null },
  });
});

test('what a person chose is read', () => {
  const sale = requireSale(
    raw({
      demand: undefined,
      floor: { replicas: 12 },
      closesAt: '2026-11-20t21:00:00.5z',
      prewarm: { leadTime: '1h30m', tasks: [{ name: 'Search', timeout: '500ms' }] },
      openGate: { mode: 'RequireWarm', onNotMet: 'Hold' },
    }),
  );
  expect(sale).toMatchObject({
    need: { kind: 'floor', replicas: 12 },
    closesAtMs: Date.parse('2026-11-20T21:00:00.500Z'),
    leadTime: { kind: 'fixed', ms: 5_400_000 },
    tasks: [{ name: 'Search', policy: 'Required', timeoutMs: 500 }],
    openGate: { mode: 'RequireWarm', onNotMet: 'Hold' },
  });
});

test('what the status remembers is read back, and a deletion is seen', () => {
  const status: EventSaleStatus = {
    observedGeneration: 2,
    openedAt: '2026-11-20T18:00:00.250Z',
    openLatenessMillis: 250,
    epoch: 5,
  };
  const deletionTimestamp = '2026-11-20T18:30:00Z';
  const finalizers = ['evently.dev/close-sale'];
  const read = parseEventSale(raw({}, { status, metadata: { ...metadata, deletionTimestamp, finalizers } }));
  expect(read.status).toEqual(status);
  expect(read.metadata).toMatchObject({ resourceVersion: '7', finalizers });
  expect(read.sale).toMatchObject({
    deletedAtMs: Date.parse(deletionTimestamp),
    recorded: { openedAtMs: Date.parse('2026-11-20T18:00:00.250Z'), openLatenessMs: 250, epoch: 5 },
  });
});

test('a zone that does not exist is a fault, and the sale is acted on all the same', () => {
  const { sale, faults } = parseEventSale(raw({ timeZone: 'Europe/Atlantis' }));
  expect(sale?.eventId).toBe(eventID);
  expect(faults).toEqual([expect.stringContaining('no time zone is called "Europe/Atlantis"')]);
  expect(parseEventSale(raw({ timeZone: 'America/Argentina/Buenos_Aires' })).faults).toEqual([]);
});

test.each([
  ['opensAt', { opensAt: '2026-13-40T19:00:00Z' }, 'spec.opensAt: "2026-13-40T19:00:00Z" is no time'],
  ['a duration', { scaleDown: { after: 'soon' } }, 'spec.scaleDown.after: "soon" is no duration'],
  ['a word', { intent: 'Go' }, 'spec.intent: Invalid option'],
  ['a missing field', { eventID: undefined }, 'spec.eventID: Invalid input'],
])('a spec with a bad %s is no sale, and the fault names the field', (_what, changes, fault) => {
  const read = parseEventSale(raw(changes));
  expect(read.sale).toBeNull();
  expect(read.metadata).toMatchObject({ name: 'tour', generation: 2 });
  expect(read.faults).toEqual([expect.stringContaining(fault)]);
  expect(() => requireSale(raw(changes))).toThrow(/EventSale evently\/tour cannot be read: spec\./);
});

test('an object without metadata is not taken for a sale', () => {
  expect(() => parseEventSale({ spec })).toThrow();
});

test('a status that cannot be read counts as none', () => {
  expect(parseEventSale(raw({}, { status: { epoch: 'five' } })).status).toBeNull();
});

test('the body of a status names the version that was read, and its lists fit the schema', () => {
  const step = { at: '2026-11-20T18:00:00Z', floor: 3, why: 'y'.repeat(300) };
  const body = toStatusBody(parseEventSale(raw()).metadata, {
    floor: 3,
    plan: Array.from({ length: 12 }, () => step),
  });
  expect(body.metadata).toEqual({ namespace: 'evently', name: 'tour', resourceVersion: '7' });
  expect(body.status.plan).toHaveLength(8);
  expect(body.status.plan?.[0]?.why).toHaveLength(256);
  expect(parseEventSale(raw({}, { status: body.status })).status).toEqual(body.status);
});

test.each([
  ['2026-11-20t18:00:00.25z', 250],
  ['2026-11-20T18:00:00,5Z', 500],
  ['2026-11-20T18:00:00.123456789Z', 123],
  ['2026-11-21T18:00:00+24:00', 0],
  ['2026-11-20T12:30:00-05:30', 0],
])('what the API server takes for a time is read: %s', (opensAt, ms) => {
  expect(requireSale(raw({ opensAt })).opensAtMs).toBe(Date.parse('2026-11-20T18:00:00Z') + ms);
});
