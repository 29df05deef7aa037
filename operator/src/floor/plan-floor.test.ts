import { expect, test } from 'vitest';
import {
  closesAt,
  floorInputOf,
  hour,
  leadMs,
  minute,
  nothingRecorded,
  poolOf,
  saleOf,
  second,
  t0,
} from '../../test/plan-fixture.ts';
import { podsFor } from './capacity.ts';
import type { FloorInput, FloorPlan } from './floor-plan.ts';
import { keepSamples, maxSamples, measureLeadTime, minLeadTimeMs, samplesOf } from './lead-time.ts';
import { contestPauseMs, planFloor } from './plan-floor.ts';

const other = saleOf({
  name: 'other',
  uid: 'uid-other',
  eventId: 'event-2',
  need: { kind: 'floor', replicas: 5 },
});
const paused = saleOf({ management: 'Paused' });
const drained = saleOf({
  recorded: { ...nothingRecorded, closedAtMs: closesAt, drainedAtMs: closesAt + minute },
});

const cases: readonly { name: string; input: Partial<FloorInput>; floor: number | null; holds?: string[] }[] =
  [
    { name: 'weeks ahead the baseline is kept', input: {}, floor: 2 },
    {
      name: 'a floor below the baseline is raised to it',
      input: { pool: poolOf({ minReplicas: 1 }) },
      floor: 2,
    },
    { name: 'just before the lead time nothing is raised', input: { nowMs: t0 - leadMs - 1 }, floor: 2 },
    { name: 'at lead time the need is there', input: { nowMs: t0 - leadMs }, floor: 8 },
    { name: 'overlapping sales add up', input: { nowMs: t0, sales: [saleOf(), other] }, floor: 13 },
    {
      name: 'the sum is clamped to the maximum',
      input: { nowMs: t0, sales: [saleOf(), other], pool: poolOf({ maxReplicas: 10 }) },
      floor: 10,
    },
    {
      name: 'of two sales for one event only the oldest counts',
      input: {
        nowMs: t0,
        sales: [saleOf(), saleOf({ uid: 'uid-z', need: { kind: 'floor', replicas: 20 } })],
      },
      floor: 8,
    },
    {
      name: 'a sale of another target does not count',
      input: { nowMs: t0, sales: [saleOf({ targetName: 'x' })] },
      floor: 2,
    },
    {
      name: 'less demand during a sale lowers nothing',
      input: { nowMs: t0, pool: poolOf({ minReplicas: 20 }) },
      floor: 20,
      holds: ['InSale'],
    },
    {
      name: 'more demand during a sale raises at once',
      input: { nowMs: t0, pool: poolOf({ minReplicas: 4 }) },
      floor: 8,
    },
    {
      name: 'a drain keeps what the sale needs, and lets go of the rest',
      input: { nowMs: closesAt + 1, pool: poolOf({ minReplicas: 20 }) },
      floor: 16,
      holds: ['Draining'],
    },
    {
      name: 'a drain that has not ended keeps the need',
      input: { nowMs: closesAt + 1, pool: poolOf({ minReplicas: 8 }) },
      floor: 8,
    },
    {
      name: 'nothing held ends the drain',
      input: { nowMs: closesAt + 1, pool: poolOf({ minReplicas: 8 }), heldOf: () => 0 },
      floor: 7,
    },
    {
      name: 'twice the hold time ends a drain that nobody can see',
      input: { nowMs: closesAt + 30 * minute, pool: poolOf({ minReplicas: 10 }) },
      floor: 8,
    },
    {
      name: 'what was recorded as drained stays so',
      input: { nowMs: closesAt + 2 * minute, sales: [drained], pool: poolOf({ minReplicas: 10 }) },
      floor: 8,
    },
    { name: 'a step is at least one pod', input: { sales: [], pool: poolOf({ minReplicas: 3 }) }, floor: 2 },
    {
      name: 'a step waits for its period',
      input: { sales: [], pool: poolOf({ minReplicas: 10 }), loweredAtMs: t0 - hour - 59 * second },
      floor: 10,
      holds: ['Period'],
    },
    {
      name: 'a full period passes after a start',
      input: { sales: [], pool: poolOf({ minReplicas: 10 }), startedAtMs: t0 - hour - second },
      floor: 10,
      holds: ['Period'],
    },
    { name: 'without an autoscaler there is no floor', input: { nowMs: t0, pool: null }, floor: null },
    {
      name: 'without a baseline the floor is held',
      input: { sales: [], pool: poolOf({ minReplicas: 9, baselineReplicas: null }) },
      floor: 9,
      holds: ['BaselineUnknown'],
    },
    {
      name: 'without a capacity the floor is held',
      input: { nowMs: closesAt + 1, pool: poolOf({ minReplicas: 9, perPodPerSecond: null }) },
      floor: 9,
      holds: ['CapacityUnknown'],
    },
    {
      name: 'a paused sale freezes the floor',
      input: { nowMs: closesAt + hour, sales: [paused], pool: poolOf({ minReplicas: 9 }) },
      floor: 9,
      holds: ['Paused'],
    },
    {
      name: 'a paused sale raises nothing',
      input: { nowMs: t0, sales: [paused], pool: poolOf({ minReplicas: 1 }) },
      floor: 1,
    },
    {
      name: 'beside a paused sale another still raises',
      input: { nowMs: t0, sales: [paused, other], pool: poolOf({ minReplicas: 3 }) },
      floor: 5,
    },
    {
      name: 'a stopped sale keeps its pods until its holds have drained',
      input: { nowMs: t0 + hour, sales: [saleOf({ intent: 'Stop' })], pool: poolOf({ minReplicas: 8 }) },
      floor: 8,
    },
    {
      name: 'a held sale keeps its pods',
      input: { nowMs: t0 + hour, sales: [saleOf({ intent: 'Hold' })], pool: poolOf({ minReplicas: 9 }) },
      floor: 9,
      holds: ['InSale'],
    },
    {
      name: 'a deleted sale keeps its pods until booking has closed it',
      input: {
        nowMs: t0 + hour,
        sales: [saleOf({ deletedAtMs: t0 + hour - second })],
        pool: poolOf({ minReplicas: 8 }),
      },
      floor: 8,
    },
    {
      name: 'a sale that is only released lets its pods go',
      input: {
        nowMs: t0 + hour,
        sales: [saleOf({ deletedAtMs: t0 + hour - second, deletionPolicy: 'ReleaseOnly' })],
        pool: poolOf({ minReplicas: 8 }),
      },
      floor: 7,
    },
    {
      name: 'without a close the floor lasts',
      input: {
        nowMs: t0 + 29 * 24 * hour,
        sales: [saleOf({ closesAtMs: null })],
        pool: poolOf({ minReplicas: 9 }),
      },
      floor: 9,
      holds: ['InSale'],
    },
    {
      name: 'without a close the floor lasts thirty days',
      input: {
        nowMs: t0 + 30 * 24 * hour,
        startedAtMs: t0,
        sales: [saleOf({ closesAtMs: null })],
        pool: poolOf({ minReplicas: 9 }),
      },
      floor: 8,
    },
    {
      name: 'a measured lead time may shrink: within the hour nothing is lowered',
      input: {
        nowMs: t0 - 30 * minute,
        sales: [saleOf({ leadTime: { kind: 'auto' } })],
        pool: poolOf({ minReplicas: 9 }),
      },
      floor: 9,
      holds: ['OpensSoon'],
    },
  ];

test.each(cases)('$name', ({ input, floor, holds }) => {
  const plan = planFloor(floorInputOf(input));
  expect(plan.floor).toBe(floor);
  if (holds) expect(plan.holds.map(({ reason }) => reason)).toEqual(holds);
  expect(plan.apply).toBe(floor !== null && floor !== floorInputOf(input).pool?.minReplicas);
});

test('the gentlest of the ended sales sets the step', () => {
  const gentle = saleOf({ scaleDown: { stepPercent: 10, periodMs: 5 * minute, afterMs: 0 } });
  const ended = {
    ...other,
    closesAtMs: closesAt,
    scaleDown: { stepPercent: 50, periodMs: minute, afterMs: 0 },
  };
  const input = { nowMs: closesAt + minute, sales: [gentle, ended], pool: poolOf({ minReplicas: 20 }) };
  expect(planFloor(floorInputOf(input)).floor).toBe(18);
});

test('a cap is said half an hour ahead, and who is short is said by priority', () => {
  const late = { ...other, priority: 10, need: { kind: 'floor', replicas: 6 } } as const;
  const planAt = (nowMs: number): FloorPlan =>
    planFloor(floorInputOf({ nowMs, sales: [saleOf(), late], pool: poolOf({ maxReplicas: 10 }) }));
  expect(planAt(t0 - leadMs - 30 * minute - 1).cappedBy).toBeNull();
  const plan = planAt(t0 - leadMs - 30 * minute);
  expect(plan.cappedBy).toEqual({ maxReplicas: 10, wanted: 14, atMs: t0 - leadMs });
  expect(plan.shares.map(({ name, needed, given }) => [name, needed, given])).toEqual([
    ['other', 6, 6],
    ['final', 8, 4],
  ]);
  expect(planAt(t0 - leadMs - 30 * minute - 1).nextChangeAtMs).toBe(t0 - leadMs - 30 * minute);
});

test('a cap that stands is told in the same words at every look', () => {
  const late = { ...other, need: { kind: 'floor', replicas: 6 } } as const;
  const capAt = (nowMs: number): FloorPlan['cappedBy'] =>
    planFloor(floorInputOf({ nowMs, sales: [saleOf(), late], pool: poolOf({ maxReplicas: 10 }) })).cappedBy;
  expect(capAt(t0)).toEqual({ maxReplicas: 10, wanted: 14, atMs: t0 - leadMs });
  expect(capAt(t0 + 5 * second)).toEqual(capAt(t0));
});

test('who wrote last is told by the clock of the API server, however far ours is ahead of it', () => {
  const behindMs = 30 * second;
  const wrote = (atMs: number) =>
    poolOf({ minReplicas: 3, otherWriter: { manager: 'argocd', atMs: atMs - behindMs } });
  const applied = { appliedAtMs: t0, stampedAtMs: t0 - behindMs };
  const fought = planFloor(floorInputOf({ nowMs: t0 + 2 * second, pool: wrote(t0 + second), ...applied }));
  expect(fought).toMatchObject({
    apply: true,
    applyAtMs: t0 + contestPauseMs,
    contest: { manager: 'argocd' },
  });
  const old = planFloor(floorInputOf({ nowMs: t0 + 2 * second, pool: wrote(t0 - minute), ...applied }));
  expect(old).toMatchObject({ apply: true, applyAtMs: t0 + 2 * second, contest: null });
});

test('another writer is named, and not fought more than once a minute', () => {
  const rival = { manager: 'kubectl-patch', atMs: t0 + 20 * second };
  const pool = poolOf({ minReplicas: 3, otherWriter: rival });
  const plan = planFloor(floorInputOf({ nowMs: t0 + 30 * second, pool, appliedAtMs: t0 }));
  expect(plan).toMatchObject({
    floor: 8,
    apply: true,
    applyAtMs: t0 + minute,
    contest: rival,
    nextChangeAtMs: t0 + minute,
  });
  const later = floorInputOf({
    nowMs: t0 + 2 * minute,
    pool: poolOf({ minReplicas: 8 }),
    lastContest: rival,
  });
  expect(planFloor(later)).toMatchObject({ apply: false, contest: rival });
  expect(planFloor({ ...later, nowMs: t0 + 11 * minute }).contest).toBeNull();
  const takeOver = planFloor(floorInputOf({ nowMs: t0 + 30 * second, pool, appliedAtMs: null }));
  expect(takeOver).toMatchObject({ apply: true, applyAtMs: t0 + 30 * second, contest: null });
});

test('the next steps say when, what and why', () => {
  const plan = planFloor(floorInputOf());
  const [up, ...down] = plan.steps;
  expect(up).toEqual({ atMs: t0 - leadMs, floor: 8, why: 'the lead time of final begins' });
  const drainedAt = closesAt + 30 * minute;
  expect(down.map(({ atMs, floor }) => [(atMs - drainedAt) / minute, floor])).toEqual([
    [0, 7],
    [1, 6],
    [2, 5],
    [3, 4],
    [4, 3],
    [5, 2],
  ]);
  expect(down.at(-1)?.why).toBe('the last step down to what is still needed');
  expect(plan.nextChangeAtMs).toBe(t0 - leadMs - 30 * minute);
});

test('a demand is rounded up to pods, and what one event cannot serve is said', () => {
  const pool = { perPodPerSecond: 2_500, perEventPerSecond: 15_000 };
  const demand = (reservationsPerSecond: number) => ({ kind: 'demand', reservationsPerSecond }) as const;
  expect(podsFor(demand(2_501), pool, 'booking')).toEqual({ pods: 2, unreachablePerSecond: 0, reason: null });
  expect(podsFor(demand(0.9), { ...pool, perPodPerSecond: 0.3 }, 'booking').pods).toBe(3);
  const beyond = podsFor(demand(20_000), pool, 'booking');
  expect(beyond).toMatchObject({ pods: 8, unreachablePerSecond: 5_000 });
  expect(beyond.reason).toContain('one event serves 15000');
  const unknown = podsFor(demand(1), { perPodPerSecond: null, perEventPerSecond: null }, 'booking');
  expect(unknown).toMatchObject({ pods: null });
  expect(unknown.reason).toContain('evently.dev/reservations-per-second-per-pod');
});

test('the Auto lead time is the 95th percentile of what pods took, times 1.5, from ten minutes to a day', () => {
  const sample = (podUid: string, readyMs: number) => ({
    podUid,
    schedulingMs: 0,
    pullMs: null,
    readyMs,
    warmMs: 0,
  });
  expect(measureLeadTime([])).toEqual({ leadTimeMs: minLeadTimeMs, samples: 0, p95Ms: null });
  const hundred = Array.from({ length: 100 }, (_, at) => sample(`pod-${at}`, (at + 1) * 10 * second));
  expect(measureLeadTime(hundred)).toEqual({ leadTimeMs: 1_425 * second, samples: 100, p95Ms: 950 * second });
  const kept = keepSamples(
    hundred,
    Array.from({ length: 150 }, (_, at) => sample(`pod-${at}`, second)),
  );
  expect(kept).toHaveLength(150);
  expect(
    keepSamples(
      kept,
      hundred.map((one) => ({ ...one, podUid: `new-${one.podUid}` })),
    ),
  ).toHaveLength(maxSamples);
  const cold = { ...sample('pod-a', second), warmMs: null };
  expect(keepSamples([{ ...cold, warmMs: 7 * second }], [cold])).toEqual([{ ...cold, warmMs: 7 * second }]);
});

test('a pod is measured by its own times and by what it said of warming; a readiness that came back is not', () => {
  const pod = {
    name: 'a',
    uid: 'uid-a',
    ip: null,
    ready: true,
    createdAtMs: t0,
    scheduledAtMs: t0 + second,
    readyAtMs: t0 + 21 * second,
    terminating: false,
  };
  const warm = [
    { task: 'Inventory', at: 'a', result: 'warm', items: 1, seconds: 2.5, atMs: t0, error: null },
  ] as const;
  expect(samplesOf([pod, { ...pod, readyAtMs: t0 + 2 * hour }, { ...pod, readyAtMs: null }], warm)).toEqual([
    { podUid: 'uid-a', schedulingMs: second, pullMs: null, readyMs: 20 * second, warmMs: 2_500 },
  ]);
});
