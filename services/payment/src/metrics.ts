/** Every metric of the payment service, with unit and labels. */
import type { Registry } from 'prom-client';
import type { Logger } from '@evently/kit/log';
import {
  addCounter,
  addGauge,
  addHistogram,
  defineCounter,
  defineGauge,
  defineHistogram,
  latencyBuckets,
  sizeBuckets,
} from '@evently/kit/metrics-define';
import { createReading } from '@evently/kit/metrics-reading';
import type { Sql } from '@evently/kit/postgres';
import { readOpenAttempts } from './store/due.ts';

export type BatchKind = 'record' | 'settle';

const everyProcess =
  'Read from the database at the scrape: every process of payment reports the same, so take the maximum';

export const paymentDefinitions = {
  attempts: defineCounter({
    name: 'evently_payment_attempts_total',
    help: 'Attempts that reached a status',
    labels: { status: ['succeeded', 'declined', 'unknown', 'void'] },
  }),
  refunds: defineCounter({
    name: 'evently_payment_refunds_total',
    help: 'Refunds that reached a status',
    labels: { status: ['succeeded', 'failed'] },
  }),
  provider: defineHistogram({
    name: 'evently_payment_provider_seconds',
    help: 'Time the provider took, in seconds; no-answer is a time-out or a broken answer',
    labels: {
      operation: ['capture', 'retrieve', 'void', 'refund'],
      outcome: ['answered', 'no-answer'],
    },
    buckets: latencyBuckets,
  }),
  webhooks: defineCounter({
    name: 'evently_payment_webhooks_total',
    help: 'Webhooks received, by what came of them',
    labels: {
      outcome: [
        'processed',
        'duplicate',
        'webhook-signature-invalid',
        'webhook-not-understood',
        'webhook-wrong-mode',
        'webhook-payment-unknown',
        'provider-away',
      ],
    },
  }),
  unsettled: defineGauge({
    name: 'evently_payment_unsettled_items',
    help: 'Attempts and refunds without an outcome, and cases that wait for a person; as the reconciler of this process saw them last, so take the maximum',
    labels: { what: ['attempts', 'refunds', 'cases'] },
  }),
  batches: defineHistogram({
    name: 'evently_payment_batch_size_items',
    help: 'Attempts written by one statement',
    labels: { kind: ['record', 'settle'] },
    buckets: sizeBuckets,
  }),
  oldestUnknown: defineGauge({
    name: 'evently_payment_oldest_unknown_seconds',
    help: `Age of the oldest attempt whose outcome is unknown, in seconds; 0 when there is none. ${everyProcess}`,
    labels: {},
  }),
  open: defineGauge({
    name: 'evently_payment_attempts_open_items',
    help: `Attempts without an outcome, by status. ${everyProcess}`,
    labels: { status: ['capturing', 'unknown'] },
  }),
} as const;

type Labels = {
  attempt: (typeof paymentDefinitions.attempts.labels.status)[number];
  refund: (typeof paymentDefinitions.refunds.labels.status)[number];
  operation: (typeof paymentDefinitions.provider.labels.operation)[number];
  outcome: (typeof paymentDefinitions.provider.labels.outcome)[number];
  webhook: (typeof paymentDefinitions.webhooks.labels.outcome)[number];
};

export type PaymentMetrics = {
  attemptSettled: (status: Labels['attempt']) => void;
  refundSettled: (status: Labels['refund']) => void;
  providerAnswered: (operation: Labels['operation'], outcome: Labels['outcome'], seconds: number) => void;
  webhookReceived: (outcome: Labels['webhook']) => void;
  unsettled: (attempts: number, refunds: number, openCases: number) => void;
  batch: (kind: BatchKind, batch: { size: number }) => void;
};

/** Registers the metrics once per registry; labels are closed sets. */
export function createPaymentMetrics(registry: Registry): PaymentMetrics {
  const attempts = addCounter(registry, paymentDefinitions.attempts);
  const refunds = addCounter(registry, paymentDefinitions.refunds);
  const provider = addHistogram(registry, paymentDefinitions.provider);
  const webhooks = addCounter(registry, paymentDefinitions.webhooks);
  const unsettled = addGauge(registry, paymentDefinitions.unsettled);
  const batches = addHistogram(registry, paymentDefinitions.batches);
  return {
    attemptSettled: (status) => attempts.inc({ status }),
    refundSettled: (status) => refunds.inc({ status }),
    providerAnswered: (operation, outcome, seconds) => provider.observe({ operation, outcome }, seconds),
    webhookReceived: (outcome) => webhooks.inc({ outcome }),
    unsettled: (attemptCount, refundCount, openCases) => {
      unsettled.set({ what: 'attempts' }, attemptCount);
      unsettled.set({ what: 'refunds' }, refundCount);
      unsettled.set({ what: 'cases' }, openCases);
    },
    batch: (kind, { size }) => batches.observe({ kind }, size),
  };
}

/** Shows the attempts without an outcome at each scrape. Nothing is read before the first one. */
export function addOpenAttempts(deps: { registry: Registry; db: Sql; log: Logger }): void {
  const { registry, db, log } = deps;
  const load = () => readOpenAttempts(db);
  const read = createReading({ registry, log, service: 'payment', figures: 'payments', load });
  addGauge(registry, paymentDefinitions.oldestUnknown, async (gauge) => {
    const open = await read();
    gauge.reset();
    if (open !== null) gauge.set({}, open.oldestUnknownSeconds);
  });
  addGauge(registry, paymentDefinitions.open, async (gauge) => {
    const open = await read();
    gauge.reset();
    if (open === null) return;
    gauge.set({ status: 'capturing' }, open.capturing);
    gauge.set({ status: 'unknown' }, open.unknown);
  });
}
