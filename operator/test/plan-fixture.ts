/** Values for tests of the plans: one sale, its pool and what was seen of it, each to be varied. */
import type { FloorInput } from '../src/floor/floor-plan.ts';
import { planFloor } from '../src/floor/plan-floor.ts';
import type { ArmedSale, Pod, Pool, Sale, WarmResult } from '../src/sale/model.ts';
import { planSale } from '../src/sale/plan.ts';
import type { Observed, SaleInput, SalePlan } from '../src/sale/sale-plan.ts';
import { deletionDeadlineMs } from '../src/sale/window.ts';
import { statusOf } from '../src/sale/status.ts';
import type { EventSaleStatus } from '../src/api/event-sale-status.ts';

/** The opening of the sale: 18:00 UTC of a Friday. */
export const t0 = Date.parse('2026-11-20T18:00:00Z');
export const second = 1_000;
export const minute = 60_000;
export const hour = 3_600_000;
export const leadMs = 10 * minute;
export const closesAt = t0 + 2 * hour;

export const nothingRecorded: Sale['recorded'] = {
  openedAtMs: null,
  closedAtMs: null,
  drainedAtMs: null,
  openLatenessMs: null,
  epoch: null,
};

export function saleOf(change: Partial<Sale> = {}): Sale {
  return {
    namespace: 'shop',
    name: 'final',
    uid: 'uid-final',
    generation: 1,
    createdAtMs: t0 - 21 * 24 * hour,
    deletedAtMs: null,
    eventId: 'event-1',
    opensAtMs: t0,
    closesAtMs: closesAt,
    timeZone: 'Europe/Berlin',
    targetName: 'booking',
    need: { kind: 'demand', reservationsPerSecond: 20_000 },
    leadTime: { kind: 'fixed', ms: leadMs },
    tasks: [
      { name: 'Inventory', policy: 'Required', timeoutMs: 10_000 },
      { name: 'Search', policy: 'BestEffort', timeoutMs: 10_000 },
    ],
    openGate: { mode: 'Always' },
    intent: 'Run',
    management: 'Managed',
    priority: 0,
    scaleDown: { stepPercent: 20, periodMs: minute, afterMs: 30 * minute },
    deletionPolicy: 'CloseAndRelease',
    recorded: nothingRecorded,
    ...change,
  };
}

export function poolOf(change: Partial<Pool> = {}): Pool {
  return {
    name: 'booking',
    resourceVersion: '1',
    minReplicas: 2,
    maxReplicas: 30,
    baselineReplicas: 2,
    perPodPerSecond: 2_500,
    perEventPerSecond: null,
    otherWriter: null,
    ...change,
  };
}

export function floorInputOf(change: Partial<FloorInput> = {}): FloorInput {
  return {
    targetName: 'booking',
    sales: [saleOf()],
    pool: poolOf(),
    nowMs: t0 - hour,
    leadTimeMsOf: (sale) => (sale.leadTime.kind === 'fixed' ? sale.leadTime.ms : leadMs),
    loweredAtMs: null,
    appliedAtMs: null,
    startedAtMs: t0 - 24 * hour,
    lastContest: null,
    heldOf: () => null,
    ...change,
  };
}

export function podsOf(count: number, change: Partial<Pod> = {}): readonly Pod[] {
  return Array.from({ length: count }, (_, at) => ({
    name: `booking-${at}`,
    uid: `uid-${at}`,
    ip: `10.0.0.${at}`,
    ready: true,
    createdAtMs: t0 - hour,
    scheduledAtMs: t0 - hour + second,
    readyAtMs: t0 - hour + 20 * second,
    terminating: false,
    ...change,
  }));
}

/** Every pod has its stock, and search is warm. */
export function warmResultsOf(pods: readonly Pod[], atMs: number): readonly WarmResult[] {
  const result = { result: 'warm', items: 3, seconds: 0.25, atMs, error: null } as const;
  return [
    ...pods.map(({ name }): WarmResult => ({ task: 'Inventory', at: name, ...result })),
    { task: 'Search', at: 'search', ...result },
  ];
}

/** What booking stores once it was told `sale`. */
export function armedOf(sale: Sale, change: Partial<ArmedSale> = {}): Observed['booking'] {
  return {
    kind: 'armed',
    sale: {
      epoch: 5,
      uid: sale.uid,
      generation: sale.generation,
      opensAtMs: sale.opensAtMs,
      closesAtMs: sale.closesAtMs,
      intent: sale.intent,
      armed: true,
      armedAtMs: sale.createdAtMs + second,
      openedAtMs: null,
      firstReservedAtMs: null,
      held: 0,
      sold: 0,
      available: 50_000,
      ...change,
    },
  };
}

export type Seen = {
  sale?: Partial<Sale>;
  observed?: Partial<Observed>;
  floor?: Partial<FloorInput>;
  previous?: EventSaleStatus | null;
};

/** A look at the sale at `nowMs`: armed, with eight warm pods at its floor, unless `seen` says otherwise. */
export function inputAt(nowMs: number, seen: Seen = {}): SaleInput {
  const sale = saleOf(seen.sale);
  const pods = seen.observed?.pods ?? podsOf(8);
  const pool = seen.observed?.pool === undefined ? poolOf({ minReplicas: 8 }) : seen.observed.pool;
  const opened = nowMs >= sale.opensAtMs ? { openedAtMs: sale.opensAtMs } : {};
  const targetPlan = planFloor(floorInputOf({ sales: [sale], pool, nowMs, ...seen.floor }));
  return {
    sale,
    nowMs,
    previous: seen.previous ?? null,
    observed: {
      booking: armedOf(sale, opened),
      pods,
      warm: nowMs >= t0 - leadMs ? warmResultsOf(pods, nowMs - second) : [],
      duplicateOf: null,
      targetPlan,
      leader: { keptEpoch: 5, leaseTransitions: 4 },
      leadTimeMs: leadMs,
      faults: [],
      refusal: null,
      deletion: { limitMs: deletionDeadlineMs, isOutcast: false },
      ...seen.observed,
      pool,
    },
  };
}

export type Outcome = { plan: SalePlan; status: EventSaleStatus; says: (type: string) => string };

/** Plans and reports; `says` gives `status/reason` of a condition, or an empty text for none. */
export function lookAt(nowMs: number, seen: Seen = {}): Outcome {
  const input = inputAt(nowMs, seen);
  const plan = planSale(input);
  const status = statusOf(input, plan);
  const says = (type: string): string => {
    const found = status.conditions?.find((one) => one.type === type);
    return found === undefined ? '' : `${found.status}/${found.reason}`;
  };
  return { plan, status, says };
}
