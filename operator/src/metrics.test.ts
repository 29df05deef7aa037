import { Registry } from 'prom-client';
import { afterEach, expect, test } from 'vitest';
import type { Clock } from '@evently/kit/clock';
import { createOperatorMetrics, type OperatorMetrics } from './metrics.ts';

const nowMs = Date.parse('2026-11-20T18:00:00Z');
const clock: Clock = { now: () => new Date(nowMs) };
const sale = { namespace: 'shop', sale: 'final' };
const target = { namespace: 'shop', target: 'booking' };
const ended: OperatorMetrics[] = [];
afterEach(() => {
  for (const metrics of ended.splice(0)) metrics.stop();
});

function open(): { metrics: OperatorMetrics; lines: () => Promise<string[]> } {
  const registry = new Registry();
  const metrics = createOperatorMetrics({
    registry,
    clock,
    informerAgesMs: () => new Map([['pods', 2_500]]),
  });
  ended.push(metrics);
  const lines = async (): Promise<string[]> =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith('evently_'));
  return { metrics, lines };
}

test('a sale, its target and the process are shown by the names that dashboards know', async () => {
  const { metrics, lines } = open();
  metrics.sale(sale, { stage: 'Armed', opensAtMs: nowMs + 90_000, latenessMs: null, isArmed: true });
  metrics.sale(sale, { stage: 'Selling', opensAtMs: nowMs - 1_000, latenessMs: 250, isArmed: true });
  metrics.target(target, {
    floorPods: 8,
    readyPods: 6,
    shortfallPods: 2,
    plannedPeakPods: 12,
    leadTimeMs: 90_000,
  });
  metrics.floorConflict(target);
  metrics.warmed({
    task: 'Inventory',
    at: 'booking-1',
    result: 'warm',
    items: 3,
    seconds: 0.2,
    atMs: nowMs,
    error: null,
  });
  metrics.effect('arm', 'done', 0.01);
  const shown = await lines();
  expect(shown).toEqual(
    expect.arrayContaining([
      'evently_sale_open_lateness_seconds{namespace="shop",sale="final"} 0.25',
      'evently_sale_armed_info{namespace="shop",sale="final"} 1',
      'evently_sale_time_to_open_seconds{namespace="shop",sale="final"} -1',
      'evently_sale_stage{namespace="shop",sale="final",stage="Selling"} 1',
      'evently_operator_floor_pods{namespace="shop",target="booking"} 8',
      'evently_operator_ready_pods{namespace="shop",target="booking"} 6',
      'evently_operator_shortfall_pods{namespace="shop",target="booking"} 2',
      'evently_operator_planned_peak_pods{namespace="shop",target="booking"} 12',
      'evently_operator_lead_time_seconds{namespace="shop",target="booking"} 90',
      'evently_floor_conflicts_total{namespace="shop",target="booking"} 1',
      'evently_operator_warm_seconds_count{task="Inventory",result="warm"} 1',
      'evently_operator_effect_seconds_count{effect="arm",outcome="done"} 1',
      'evently_operator_informer_age_seconds{resource="pods"} 2.5',
      expect.stringMatching(/^evently_operator_event_loop_lag_seconds \d/),
    ]),
  );
  // It has one stage only.
  expect(shown.filter((line) => line.startsWith('evently_sale_stage{'))).toHaveLength(1);
});

test('lateness has no series before a sale opened, and what is gone has none at all', async () => {
  const { metrics, lines } = open();
  metrics.sale(sale, { stage: 'Scheduled', opensAtMs: nowMs + 90_000, latenessMs: null, isArmed: true });
  expect((await lines()).filter((line) => line.includes('lateness'))).toEqual([]);
  metrics.sale(sale, { stage: 'Selling', opensAtMs: nowMs, latenessMs: 0, isArmed: true });
  metrics.target(target, { floorPods: 8, readyPods: 8, shortfallPods: 0, plannedPeakPods: 8, leadTimeMs: 1 });
  metrics.floorConflict(target);
  expect((await lines()).filter((line) => line.includes('shop'))).not.toEqual([]);
  metrics.saleGone(sale);
  metrics.targetGone(target);
  expect((await lines()).filter((line) => line.includes('shop'))).toEqual([]);
});
