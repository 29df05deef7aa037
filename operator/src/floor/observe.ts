/** The plan of each target's floor from everything that is known of it, computed once for all who ask. */
import type { Clock } from '@evently/kit/clock';
import { floorMemoryOf, type Knowledge } from '../knowledge.ts';
import type { World } from '../world.ts';
import type { Sale } from '../sale/model.ts';
import type { FloorPlan } from './floor-plan.ts';
import { measureLeadTime } from './lead-time.ts';
import { planFloor } from './plan-floor.ts';

export type FloorBoard = {
  /** The plan as of now; a plan is used again for at most a second, and not past its next change. */
  planOf: (namespace: string, targetName: string) => FloorPlan;
  /** `Auto` is what was measured at the sale's target. */
  leadTimeMsOf: (sale: Sale) => number;
  /** Something that plans are made from has changed. */
  changed: () => void;
};

export type FloorBoardDeps = { world: World; knowledge: Knowledge; clock: Clock };

const maxAgeMs = 1_000;

type Made = { plan: FloorPlan; atMs: number };

export function createFloorBoard(deps: FloorBoardDeps): FloorBoard {
  const { world, knowledge, clock } = deps;
  const made = new Map<string, Made>();
  const leadTimeMsOf = (sale: Sale): number =>
    sale.leadTime.kind === 'fixed'
      ? sale.leadTime.ms
      : measureLeadTime(floorMemoryOf(knowledge, `${sale.namespace}/${sale.targetName}`).samples).leadTimeMs;
  return {
    leadTimeMsOf,
    changed: () => made.clear(),
    planOf: (namespace, targetName) => {
      const key = `${namespace}/${targetName}`;
      const nowMs = clock.now().getTime();
      const before = made.get(key);
      if (before !== undefined && isCurrent(before, nowMs)) return before.plan;
      const { appliedAtMs, stampedAtMs, loweredAtMs, lastContest } = floorMemoryOf(knowledge, key);
      const plan = planFloor({
        targetName,
        sales: world.sales(),
        pool: world.autoscaler(namespace, targetName)?.pool ?? null,
        nowMs,
        leadTimeMsOf,
        loweredAtMs,
        appliedAtMs,
        stampedAtMs,
        startedAtMs: knowledge.startedAtMs,
        lastContest,
        heldOf: (sale) => heldOf(knowledge, sale),
      });
      made.set(key, { plan, atMs: nowMs });
      return plan;
    },
  };
}

function isCurrent({ plan, atMs }: Made, nowMs: number): boolean {
  const untilMs = Math.min(atMs + maxAgeMs, plan.nextChangeAtMs ?? Infinity);
  return atMs <= nowMs && nowMs < untilMs;
}

/** What booking holds, if it was asked after it had closed: before that it may hold more a moment later. */
export function heldOf(knowledge: Pick<Knowledge, 'views'>, sale: Sale): number | null {
  const seen = knowledge.views.get(sale.uid);
  if (seen?.view.kind !== 'armed') return null;
  const { intent, closesAtMs, held } = seen.view.sale;
  const hadClosed = intent === 'Stop' || (closesAtMs !== null && closesAtMs <= seen.atMs);
  return hadClosed ? held : null;
}
