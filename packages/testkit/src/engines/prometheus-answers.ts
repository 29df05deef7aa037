/** What the HTTP API of Prometheus answers (https://prometheus.io/docs/prometheus/latest/querying/api). */
import { z } from 'zod';

/** One value of one series at the instant that was asked for. */
export type Sample = { labels: Readonly<Record<string, string>>; value: number };
export type ScrapeTarget = {
  labels: Readonly<Record<string, string>>;
  /** Before relabelling. */
  discovered: Readonly<Record<string, string>>;
  url: string;
  health: string;
  lastError: string;
};
export type FiringAlert = { name: string; state: string; labels: Readonly<Record<string, string>> };

const labels = z.record(z.string(), z.string());
const value = z.tuple([z.number(), z.string()]);
const envelope = z.discriminatedUnion('status', [
  z.object({ status: z.literal('success'), data: z.unknown() }),
  z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() }),
]);
const answers = z.discriminatedUnion('resultType', [
  z.object({ resultType: z.literal('vector'), result: z.array(z.object({ metric: labels, value })) }),
  z.object({
    resultType: z.literal('matrix'),
    result: z.array(z.object({ metric: labels, values: z.array(value).min(1) })),
  }),
  z.object({ resultType: z.literal('scalar'), result: value }),
  z.object({ resultType: z.literal('string'), result: value }),
]);
const targets = z.object({
  activeTargets: z.array(
    z.object({
      labels,
      discoveredLabels: labels,
      scrapeUrl: z.string(),
      health: z.string(),
      lastError: z.string(),
    }),
  ),
});
const alerts = z.object({
  alerts: z.array(z.object({ labels: labels.and(z.object({ alertname: z.string() })), state: z.string() })),
});

/** What stands under `data`; throws what Prometheus complains of. */
export function unwrap(text: string): unknown {
  const answer = envelope.parse(JSON.parse(text));
  if (answer.status === 'error') throw new Error(`${answer.errorType}: ${answer.error}`);
  return answer.data;
}

export function readSamples(data: unknown): Sample[] {
  const answer = answers.parse(data);
  switch (answer.resultType) {
    case 'vector':
      return answer.result.map((one) => ({ labels: one.metric, value: numberOf(one.value[1]) }));
    case 'matrix':
      return answer.result.map((one) => ({
        labels: one.metric,
        value: numberOf(one.values.at(-1)?.[1] ?? ''),
      }));
    case 'scalar':
      return [{ labels: {}, value: numberOf(answer.result[1]) }];
    case 'string':
      return [{ labels: { string: answer.result[1] }, value: Number.NaN }];
  }
}

export function readTargets(data: unknown): ScrapeTarget[] {
  return targets.parse(data).activeTargets.map((one) => ({
    labels: one.labels,
    discovered: one.discoveredLabels,
    url: one.scrapeUrl,
    health: one.health,
    lastError: one.lastError,
  }));
}

export function readAlerts(data: unknown): FiringAlert[] {
  return alerts.parse(data).alerts.map((one) => ({
    name: one.labels.alertname,
    state: one.state,
    labels: one.labels,
  }));
}

/** Prometheus writes infinities as `+Inf` and `-Inf`. */
function numberOf(text: string): number {
  return Number(text.replace('Inf', 'Infinity'));
}
