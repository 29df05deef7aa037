/** Every metric of the payment service, with unit and labels. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { latencyBuckets } from '@evently/kit/metrics';

export type BatchKind = 'record' | 'settle';

const batchSizes = [1, 2, 4, 8, 16, 32, 64, 128, 256];

export type PaymentMetrics = {
  attemptSettled: (status: string) => void;
  refundSettled: (status: string) => void;
  providerAnswered: (operation: string, outcome: string, seconds: number) => void;
  webhookReceived: (outcome: string) => void;
  unsettled: (attempts: number, refunds: number, openCases: number) => void;
  batch: (kind: BatchKind, batch: { size: number }) => void;
};

/** Registers the metrics once per registry; labels are closed sets. */
export function createPaymentMetrics(registry: Registry): PaymentMetrics {
  const registers = [registry];
  const attempts = new Counter({
    name: 'evently_payment_attempts_total',
    help: 'Attempts that reached a status',
    labelNames: ['status'],
    registers,
  });
  const refunds = new Counter({
    name: 'evently_payment_refunds_total',
    help: 'Refunds that reached a status',
    labelNames: ['status'],
    registers,
  });
  const provider = new Histogram({
    name: 'evently_payment_provider_seconds',
    help: 'Time the provider took, in seconds; no-answer is a time-out or a broken answer',
    labelNames: ['operation', 'outcome'],
    buckets: latencyBuckets,
    registers,
  });
  const webhooks = new Counter({
    name: 'evently_payment_webhooks_total',
    help: 'Webhooks received, by what came of them',
    labelNames: ['outcome'],
    registers,
  });
  const open = new Gauge({
    name: 'evently_payment_unsettled_items',
    help: 'Attempts and refunds without an outcome, and cases that wait for a person',
    labelNames: ['what'],
    registers,
  });
  const batches = new Histogram({
    name: 'evently_payment_batch_size_items',
    help: 'Attempts written by one statement',
    labelNames: ['kind'],
    buckets: batchSizes,
    registers,
  });
  return {
    attemptSettled: (status) => attempts.inc({ status }),
    refundSettled: (status) => refunds.inc({ status }),
    providerAnswered: (operation, outcome, seconds) => provider.observe({ operation, outcome }, seconds),
    webhookReceived: (outcome) => webhooks.inc({ outcome }),
    unsettled: (attemptCount, refundCount, openCases) => {
      open.set({ what: 'attempts' }, attemptCount);
      open.set({ what: 'refunds' }, refundCount);
      open.set({ what: 'cases' }, openCases);
    },
    batch: (kind, { size }) => batches.observe({ kind }, size),
  };
}
