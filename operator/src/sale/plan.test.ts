import { expect, test } from 'vitest';
import {
  armedOf,
  closesAt,
  floorInputOf,
  hour,
  inputAt,
  leadMs,
  lookAt,
  minute,
  nothingRecorded,
  podsOf,
  poolOf,
  saleOf,
  second,
  t0,
  warmResultsOf,
  type Seen,
} from '../../test/plan-fixture.ts';
import { planFloor } from '../floor/plan-floor.ts';
import { eventsBetween, statusOf, unreadableStatus } from './status.ts';
import { planSale } from './plan.ts';
import { duplicateOf } from './window.ts';

const opened = { openedAtMs: t0 };
const recorded = { ...nothingRecorded, openedAtMs: t0, openLatenessMs: 0, epoch: 5 };
const closed = { ...recorded, closedAtMs: closesAt };
const unreachable = { kind: 'unreachable', why: 'booking did not answer within 5 s' } as const;
const gate = { mode: 'RequireWarm', onNotMet: 'Hold' } as const;
const degrade = { mode: 'RequireWarm', onNotMet: 'Degrade' } as const;
const older = saleOf({ name: 'first', uid: 'uid-first' });
const cold = warmResultsOf(podsOf(8), t0 - minute).map((one) => ({
  ...one,
  result: 'failed' as const,
  error: 'no database',
}));

type Case = {
  name: string;
  atMs: number;
  seen?: Seen;
  stage: string;
  ready: string;
  also?: Record<string, string>;
};
const cases: readonly Case[] = [
  {
    name: 'weeks ahead it is ready from the first sight',
    atMs: t0 - 21 * 24 * hour,
    seen: { observed: { booking: { kind: 'not-armed' } } },
    stage: 'Scheduled',
    ready: 'True/Scheduled',
    also: { Armed: 'False/NotArmed', SaleOpen: 'False/NotYet', CachesWarm: 'False/NotYet', Stalled: '' },
  },
  {
    name: 'weeks ahead an event that booking does not know yet is no failure',
    atMs: t0 - 48 * hour,
    seen: { observed: { booking: { kind: 'unknown-event' } } },
    stage: 'Scheduled',
    ready: 'True/Scheduled',
    also: { Armed: 'False/UnknownEvent', Stalled: '', Reconciling: '' },
  },
  {
    name: 'weeks ahead a silent booking is no failure',
    atMs: t0 - 48 * hour,
    seen: { observed: { booking: unreachable } },
    stage: 'Scheduled',
    ready: 'True/Scheduled',
    also: { Armed: 'Unknown/Unreachable' },
  },
  {
    name: 'in its lead time pods and caches are prepared',
    atMs: t0 - 9 * minute,
    seen: { observed: { pods: podsOf(3), warm: [] } },
    stage: 'Prewarming',
    ready: 'True/Prewarming',
    also: {
      Reconciling: 'True/Prewarming',
      CapacityReady: 'False/WaitingForPods',
      CachesWarm: 'False/Warming',
    },
  },
  {
    name: 'pods without a node are told apart',
    atMs: t0 - 9 * minute,
    seen: {
      observed: {
        pods: podsOf(3, { ready: false, readyAtMs: null, scheduledAtMs: null, reason: 'Unschedulable' }),
      },
    },
    stage: 'Prewarming',
    ready: 'True/Prewarming',
    also: { CapacityReady: 'False/Unschedulable', CachesWarm: 'False/NoPods' },
  },
  {
    name: 'pods without their image are told apart',
    atMs: t0 - 9 * minute,
    seen: { observed: { pods: podsOf(3, { ready: false, readyAtMs: null, reason: 'ImagePullBackOff' }) } },
    stage: 'Prewarming',
    ready: 'True/Prewarming',
    also: { CapacityReady: 'False/ImagePullSlow' },
  },
  {
    name: 'prepared, it waits for its time',
    atMs: t0 - minute,
    stage: 'Armed',
    ready: 'True/Armed',
    also: { Armed: 'True/Armed', CachesWarm: 'True/Warm', CapacityReady: 'True/AtFloor', Reconciling: '' },
  },
  {
    name: 'an event that booking does not know is missing in the lead time',
    atMs: t0 - minute,
    seen: { observed: { booking: { kind: 'unknown-event' } } },
    stage: 'Prewarming',
    ready: 'False/NotReady',
    also: { Stalled: 'True/UnknownEvent' },
  },
  {
    name: 'without its autoscaler it is not ready in the lead time',
    atMs: t0 - minute,
    seen: { observed: { pool: null } },
    stage: 'Prewarming',
    ready: 'False/NotReady',
    also: { CapacityReady: 'False/TargetNotFound', Stalled: 'True/TargetNotFound' },
  },
  {
    name: 'a demand without a capacity is told',
    atMs: t0 - 5 * hour,
    seen: { observed: { pool: poolOf({ perPodPerSecond: null }) } },
    stage: 'Scheduled',
    ready: 'True/Scheduled',
    also: { CapacityReady: 'False/CapacityUnknown' },
  },
  {
    name: 'a demand above what one event serves is told',
    atMs: t0 - 5 * hour,
    seen: { observed: { pool: poolOf({ perEventPerSecond: 15_000 }) } },
    stage: 'Scheduled',
    ready: 'True/Scheduled',
    also: { CapacityReady: 'False/EventLimit' },
  },
  {
    name: 'a cap is told half an hour ahead',
    atMs: t0 - leadMs - 30 * minute,
    seen: { observed: { pool: poolOf({ maxReplicas: 5 }) } },
    stage: 'Scheduled',
    ready: 'True/Scheduled',
    also: { CapacityReady: 'False/CappedByMax' },
  },
  {
    name: 'an open sale sells',
    atMs: t0 + second,
    seen: { observed: { booking: armedOf(saleOf(), opened) } },
    stage: 'Selling',
    ready: 'True/Selling',
    also: { SaleOpen: 'True/Open' },
  },
  {
    name: 'armed late it opened late',
    atMs: t0 + minute,
    seen: {
      observed: { booking: armedOf(saleOf(), { armedAtMs: t0 + 5 * second, openedAtMs: t0 + 5 * second }) },
    },
    stage: 'Selling',
    ready: 'True/Selling',
    also: { SaleOpen: 'True/OpenedLate' },
  },
  {
    name: 'a silent booking sells on by its own clock',
    atMs: t0 + minute,
    seen: { sale: { recorded }, observed: { booking: unreachable } },
    stage: 'Selling',
    ready: 'True/Selling',
    also: { SaleOpen: 'Unknown/Unreachable', Armed: 'Unknown/Unreachable' },
  },
  {
    name: 'never armed at its time it has missed it',
    atMs: t0 + minute,
    seen: { observed: { booking: unreachable } },
    stage: 'Selling',
    ready: 'False/NotReady',
    also: { Stalled: 'True/DeadlineMissed' },
  },
  {
    name: 'fewer pods than its share degrade an open sale',
    atMs: t0 + minute,
    seen: { observed: { pods: podsOf(5) } },
    stage: 'Selling',
    ready: 'False/Degraded',
    also: { SaleOpen: 'True/Open' },
  },
  {
    name: 'a gate that degrades opens on time and says so',
    atMs: t0 + minute,
    seen: { sale: { openGate: degrade }, observed: { warm: cold } },
    stage: 'Selling',
    ready: 'False/Degraded',
    also: { SaleOpen: 'True/Open', CachesWarm: 'False/TaskFailed' },
  },
  {
    name: 'without a gate cold caches do not degrade',
    atMs: t0 + minute,
    seen: { observed: { warm: cold } },
    stage: 'Selling',
    ready: 'True/Selling',
    also: { CachesWarm: 'False/TaskFailed' },
  },
  {
    name: 'a gate that holds keeps the sale closed after its time',
    atMs: t0 + minute,
    seen: {
      sale: { openGate: gate },
      observed: { warm: cold, booking: armedOf(saleOf(), { intent: 'Hold' }) },
    },
    stage: 'Held',
    ready: 'False/NotReady',
    also: { SaleOpen: 'False/WaitingForWarm', Armed: 'True/Armed' },
  },
  {
    name: 'held by a person it is held',
    atMs: t0 + minute,
    seen: { sale: { intent: 'Hold', recorded } },
    stage: 'Held',
    ready: 'True/Held',
    also: { SaleOpen: 'False/HeldByUser' },
  },
  {
    name: 'stopped, it drains',
    atMs: t0 + minute,
    seen: {
      sale: { intent: 'Stop', recorded },
      observed: { booking: armedOf(saleOf({ intent: 'Stop' }), { ...opened, held: 3 }) },
    },
    stage: 'Draining',
    ready: 'True/Draining',
    also: { SaleOpen: 'False/Stopped' },
  },
  {
    name: 'stopped and drained it is stopped',
    atMs: t0 + minute,
    seen: { sale: { intent: 'Stop', recorded } },
    stage: 'Stopped',
    ready: 'True/Stopped',
    also: { SaleOpen: 'False/Stopped' },
  },
  {
    name: 'a Stop that booking has not confirmed is not done',
    atMs: t0 + minute,
    seen: { sale: { intent: 'Stop', recorded }, observed: { booking: unreachable } },
    stage: 'Draining',
    ready: 'False/NotReady',
    also: { SaleOpen: 'Unknown/Unreachable' },
  },
  {
    name: 'closed by time it drains',
    atMs: closesAt + minute,
    seen: { sale: { recorded: closed }, observed: { booking: armedOf(saleOf(), { ...opened, held: 3 }) } },
    stage: 'Draining',
    ready: 'True/Draining',
    also: { SaleOpen: 'False/Closed', CachesWarm: 'False/Finished', Reconciling: 'True/ScalingDown' },
  },
  {
    name: 'drained it is completed while the floor steps down',
    atMs: closesAt + minute,
    seen: { sale: { recorded: { ...closed, drainedAtMs: closesAt } } },
    stage: 'Completed',
    ready: 'True/Completed',
    also: { Reconciling: 'True/ScalingDown', Armed: 'False/Released' },
  },
  {
    name: 'a window that was over before it was seen is completed',
    atMs: closesAt + hour,
    seen: { observed: { booking: { kind: 'not-armed' } } },
    stage: 'Completed',
    ready: 'True/Completed',
  },
  {
    name: 'the younger of two for one event is stalled',
    atMs: t0 - minute,
    seen: { observed: { duplicateOf: older, booking: armedOf(older) } },
    stage: 'Prewarming',
    ready: 'False/Blocked',
    also: { Stalled: 'True/DuplicateEvent', Armed: 'False/NotArmed', Reconciling: '' },
  },
  {
    name: 'an unknown zone is told and moves nothing',
    atMs: t0 - minute,
    seen: {
      sale: { timeZone: 'Mars/Olympus' },
      observed: { faults: ['spec.timeZone: no time zone is called "Mars/Olympus"'] },
    },
    stage: 'Armed',
    ready: 'True/Armed',
    also: { Stalled: 'True/InvalidSpec', Reconciling: '' },
  },
  {
    name: 'a window that booking refuses is stalled',
    atMs: t0 - hour,
    seen: { observed: { refusal: 'the event is over', booking: { kind: 'not-armed' } } },
    stage: 'Scheduled',
    ready: 'False/Blocked',
    also: { Stalled: 'True/Refused', Armed: 'False/Refused' },
  },
  {
    name: 'paused, the operator keeps its hands off',
    atMs: t0 - minute,
    seen: { sale: { management: 'Paused', generation: 2 }, observed: { booking: armedOf(saleOf()) } },
    stage: 'Prewarming',
    ready: 'True/Paused',
    also: { Armed: 'False/Paused', Reconciling: '' },
  },
];

test.each(cases)('$name', ({ atMs, seen = {}, stage, ready, also = {} }) => {
  const { plan, status, says } = lookAt(atMs, seen);
  expect(plan.stage).toBe(stage);
  expect(says('Ready')).toBe(ready);
  for (const [type, said] of Object.entries(also)) expect(`${type} ${says(type)}`).toBe(`${type} ${said}`);
  for (const condition of status.conditions ?? []) expect(condition.message).toMatch(/[.…]$/);
  expect(plan.wakeAtMs).toBeGreaterThan(atMs);
});

const commands: readonly { name: string; atMs: number; seen: Seen; intent: string | null }[] = [
  {
    name: 'a sale is armed weeks ahead',
    atMs: t0 - 500 * hour,
    seen: { observed: { booking: { kind: 'not-armed' } } },
    intent: 'Run',
  },
  { name: 'what is armed is not armed again', atMs: t0 - hour, seen: {}, intent: null },
  {
    name: 'an edit is armed',
    atMs: t0 - hour,
    seen: { sale: { generation: 2 }, observed: { booking: armedOf(saleOf()) } },
    intent: 'Run',
  },
  {
    name: 'Stop is told at once',
    atMs: t0 + hour,
    seen: { sale: { intent: 'Stop' }, observed: { booking: armedOf(saleOf(), opened) } },
    intent: 'Stop',
  },
  {
    name: 'Hold is told at once',
    atMs: t0 + hour,
    seen: { sale: { intent: 'Hold' }, observed: { booking: armedOf(saleOf(), opened) } },
    intent: 'Hold',
  },
  {
    name: 'a late creation opens at once',
    atMs: t0 + hour,
    seen: { observed: { booking: { kind: 'not-armed' } } },
    intent: 'Run',
  },
  {
    name: 'a gate arms with Hold',
    atMs: t0 - hour,
    seen: { sale: { openGate: gate }, observed: { booking: { kind: 'not-armed' } } },
    intent: 'Hold',
  },
  {
    name: 'a gate opens when everything is warm',
    atMs: t0 - minute,
    seen: { sale: { openGate: gate }, observed: { booking: armedOf(saleOf(), { intent: 'Hold' }) } },
    intent: 'Run',
  },
  {
    name: 'a gate that was passed stays open',
    atMs: t0 - minute,
    seen: { sale: { openGate: gate }, observed: { warm: [] } },
    intent: null,
  },
  {
    name: 'an earlier close is told',
    atMs: t0 + hour,
    seen: {
      sale: { generation: 2, closesAtMs: t0 + hour - second, recorded },
      observed: { booking: armedOf(saleOf(), opened) },
    },
    intent: 'Run',
  },
  {
    name: 'after the close nothing is armed',
    atMs: closesAt + hour,
    seen: { observed: { booking: { kind: 'not-armed' } } },
    intent: null,
  },
  {
    name: 'Paused arms nothing',
    atMs: t0 - hour,
    seen: { sale: { management: 'Paused' }, observed: { booking: { kind: 'not-armed' } } },
    intent: null,
  },
  {
    name: 'a duplicate arms nothing',
    atMs: t0 - hour,
    seen: { observed: { duplicateOf: older, booking: { kind: 'not-armed' } } },
    intent: null,
  },
];

test.each(commands)('$name', ({ atMs, seen, intent }) => {
  expect(lookAt(atMs, seen).plan.arm?.intent ?? null).toBe(intent);
});

test('a new leader takes an epoch above everything that was seen', () => {
  const leader = { keptEpoch: null, leaseTransitions: 3 };
  const seen = { sale: { generation: 2 }, observed: { leader, booking: armedOf(saleOf(), { epoch: 8 }) } };
  expect(lookAt(t0 - hour, seen).plan.arm?.epoch).toBe(9);
});

const deletions: readonly { name: string; seen: Seen; finalize: string; disarms: boolean }[] = [
  { name: 'a deleted sale is closed in booking first', seen: {}, finalize: 'wait', disarms: true },
  {
    name: 'a tombstone lets a deleted sale go',
    seen: { observed: { booking: armedOf(saleOf(), { armed: false }) } },
    finalize: 'release',
    disarms: false,
  },
  {
    name: 'a command to arm that may be on its way is fenced off',
    seen: { observed: { booking: { kind: 'not-armed' } } },
    finalize: 'wait',
    disarms: true,
  },
  {
    name: 'an event that booking does not know has nothing to close',
    seen: { observed: { booking: { kind: 'unknown-event' } } },
    finalize: 'release',
    disarms: false,
  },
  {
    name: 'a silent booking is waited for',
    seen: { observed: { booking: unreachable } },
    finalize: 'wait',
    disarms: false,
  },
  {
    name: 'ReleaseOnly leaves booking as it is',
    seen: { sale: { deletionPolicy: 'ReleaseOnly' } },
    finalize: 'release',
    disarms: false,
  },
  {
    name: 'a deleted duplicate leaves the older sale alone',
    seen: { observed: { duplicateOf: older } },
    finalize: 'release',
    disarms: false,
  },
  {
    name: 'a paused sale is closed when it is deleted',
    seen: { sale: { management: 'Paused' } },
    finalize: 'wait',
    disarms: true,
  },
];

test.each(deletions)('$name', ({ seen, finalize, disarms }) => {
  const deleted = { ...seen, sale: { deletedAtMs: t0 + minute, recorded, ...seen.sale } };
  const { plan } = lookAt(t0 + 2 * minute, deleted);
  expect([plan.finalize.kind, plan.disarm !== null, plan.arm]).toEqual([finalize, disarms, null]);
});

test('a deletion is never stuck for longer than five minutes, and says what it left', () => {
  const seen = { sale: { deletedAtMs: t0, recorded }, observed: { booking: unreachable } };
  expect(lookAt(t0 + 5 * minute - 1, seen).plan).toMatchObject({
    finalize: { kind: 'wait', untilMs: t0 + 5 * minute },
    wakeAtMs: t0 + 5 * minute,
  });
  const { finalize } = lookAt(t0 + 5 * minute, seen).plan;
  expect(finalize.kind === 'release' ? finalize.left : '').toContain('DELETE /internal/sales/event-1');
});

test('a sale whose status may not be written any more waits half a minute for a booking that does not answer', () => {
  const deletion = { limitMs: 5 * minute, isOutcast: true };
  const seen = { sale: { deletedAtMs: t0, recorded }, observed: { booking: unreachable, deletion } };
  expect(lookAt(t0 + 30 * second - 1, seen).plan.finalize).toEqual({
    kind: 'wait',
    untilMs: t0 + 30 * second,
  });
  const { finalize } = lookAt(t0 + 30 * second, seen).plan;
  expect(finalize.kind === 'release' ? finalize.left : '').toContain('within 30 s');
  // A booking that answers is to close it; a limit that was set shorter holds here as well.
  const answers = { sale: seen.sale, observed: { deletion } };
  expect(lookAt(t0 + minute, answers).plan.finalize).toEqual({ kind: 'wait', untilMs: t0 + 5 * minute });
  const short = { ...seen, observed: { ...seen.observed, deletion: { ...deletion, limitMs: 5 * second } } };
  expect(lookAt(t0, short).plan.finalize).toEqual({ kind: 'wait', untilMs: t0 + 5 * second });
});

test('lateness is what arming was late, and an accepted reservation bounds it', () => {
  const late = armedOf(saleOf(), { armedAtMs: t0 + 5 * second, openedAtMs: t0 + 5 * second });
  expect(lookAt(t0 + minute, { observed: { booking: late } }).plan.facts).toMatchObject({
    openedAtMs: t0 + 5 * second,
    openLatenessMs: 5 * second,
  });
  const sold = armedOf(saleOf(), {
    armedAtMs: t0 + 5 * second,
    openedAtMs: t0 + 5 * second,
    firstReservedAtMs: t0 + second,
  });
  expect(lookAt(t0 + minute, { observed: { booking: sold } }).plan.facts.openLatenessMs).toBe(second);
  const held = lookAt(t0 + minute, {
    sale: { openGate: gate },
    observed: { warm: cold, booking: armedOf(saleOf(), { intent: 'Hold' }) },
  });
  const released = lookAt(t0 + 2 * minute, { sale: { openGate: gate }, previous: held.status });
  expect(released.plan.facts.openLatenessMs).toBe(2 * minute);
});

test('an edit that moves the close into the future makes it sell again', () => {
  const again = {
    generation: 2,
    closesAtMs: closesAt + hour,
    recorded: { ...closed, drainedAtMs: closesAt },
  };
  const { plan } = lookAt(closesAt + minute, { sale: again });
  expect(plan.facts).toMatchObject({ openedAtMs: t0, closedAtMs: null, drainedAtMs: null });
  expect(plan.stage).toBe('Selling');
});

test('every ready pod and service is asked once, later pods too, and what is not required keeps quiet at the opening', () => {
  const calls = (atMs: number, observed: Seen['observed']): string[] =>
    lookAt(atMs, { observed: { ...observed } }).plan.warm.map(({ task, at }) => `${task} ${at}`);
  expect(calls(t0 - minute, { pods: podsOf(2), warm: [] })).toEqual([
    'Inventory booking-0',
    'Inventory booking-1',
    'Search search',
  ]);
  expect(calls(t0 - minute, { pods: podsOf(3), warm: warmResultsOf(podsOf(2), t0 - 2 * minute) })).toEqual([
    'Inventory booking-2',
  ]);
  expect(calls(t0 - second, { pods: podsOf(1), warm: [] })).toEqual(['Inventory booking-0']);
  expect(calls(t0 - hour, { pods: podsOf(2), warm: [] })).toEqual([]);
  expect(calls(closesAt, { pods: podsOf(2), warm: [] })).toEqual([]);
});

test('a lead time that is gone already is an event, once', () => {
  const first = lookAt(t0 - minute);
  expect(first.plan.events.map(({ reason }) => reason)).toEqual(['PrewarmLate']);
  expect(lookAt(t0 - minute, { previous: first.status }).plan.events).toEqual([]);
  expect(lookAt(t0 - 5 * hour).plan.events).toEqual([]);
});

test('a condition keeps its time while its status stays, and the same look gives the same status', () => {
  const before = lookAt(t0 - minute).status;
  const after = lookAt(t0 - 50 * second, {
    previous: before,
    observed: { warm: warmResultsOf(podsOf(8), t0 - minute) },
  }).status;
  expect(after).toEqual(before);
  const selling = lookAt(t0 + minute, { previous: after }).status;
  const timeOf = (type: string) => selling.conditions?.find((one) => one.type === type)?.lastTransitionTime;
  expect([timeOf('Ready'), timeOf('SaleOpen')]).toEqual(['2026-11-20T17:59:00Z', '2026-11-20T18:01:00Z']);
  expect(eventsBetween(after, selling).map(({ type, reason }) => `${type} ${reason}`)).toEqual([
    'Normal Selling',
    'Normal Open',
  ]);
  expect(eventsBetween(selling, selling)).toEqual([]);
});

test('times are told in the zone of the sale, the plan from its own lead time on', () => {
  const { status } = lookAt(t0 - 48 * hour, { observed: { pool: poolOf() } });
  expect(status.conditions?.[0]?.message).toContain('Opens at 20 Nov 2026, 19:00:00 (Europe/Berlin)');
  expect(status.plan?.[0]).toEqual({
    at: '2026-11-20T17:50:00Z',
    floor: 8,
    why: 'the lead time of final begins',
  });
  expect(status.warm?.map(({ name, result }) => `${name} ${result}`)).toEqual([
    'Inventory Waiting',
    'Search Waiting',
  ]);
});

test('another writer of the floor is named', () => {
  const nowMs = t0 - 30 * second;
  const pool = poolOf({ minReplicas: 3, otherWriter: { manager: 'argocd', atMs: nowMs - second } });
  const targetPlan = planFloor(floorInputOf({ nowMs, pool, appliedAtMs: nowMs - 10 * second }));
  const input = inputAt(nowMs, { observed: { pool, targetPlan } });
  const capacity = statusOf(input, planSale(input)).conditions?.find(({ type }) => type === 'CapacityReady');
  expect(capacity?.reason).toBe('FloorContested');
  expect(capacity?.message).toContain('argocd');
});

test('the oldest of two for one event wins, by creation and then by uid', () => {
  const younger = saleOf({ uid: 'uid-a', createdAtMs: older.createdAtMs + second });
  const twin = saleOf({ uid: 'uid-z' });
  expect(duplicateOf(younger, [younger, older])?.uid).toBe('uid-first');
  expect(duplicateOf(older, [younger, older])).toBeNull();
  expect([duplicateOf(older, [twin, older]), duplicateOf(twin, [twin, older])?.uid]).toEqual([
    null,
    'uid-first',
  ]);
});

test('a spec that cannot be read is stalled, and says which field', () => {
  const status = unreadableStatus(
    { metadata: { generation: 3 }, status: null, faults: ['spec.opensAt: missing.'] },
    t0,
  );
  expect(status.conditions?.map(({ type, status: is, reason }) => `${type} ${is}/${reason}`)).toEqual([
    'Ready False/Blocked',
    'Stalled True/InvalidSpec',
  ]);
  expect(status.conditions?.[1]?.message).toContain('spec.opensAt');
});
