/** A platform of processes, each scraped every second by a Prometheus that evaluates the rules of `monitoring/`. */
import path from 'node:path';
import { stringify } from 'yaml';
import { freePort } from '@evently/testkit/engines/kube-processes';
import { startPrometheus, type PrometheusServer } from '@evently/testkit/engines/prometheus-server';
import { startRedisProcess } from '@evently/testkit/engines/redis-server';
import { startOtlpReceiver, type OtlpReceiver } from '@evently/testkit/otlp-receiver';
import type { ServiceName } from '@evently/pod/settings';
import { createPodPlatform, serviceNames, type PodPlatform } from '../pods/pod-platform.ts';
import { until, type PodProcess, type Settings } from '../pods/pod-process.ts';
import { becomeOrganizer } from '../pods/sell.ts';
import { startWatchedOperator, type WatchedOperator } from './watched-operator.ts';

/** `job` is the part of the platform, `instance` the pod, as the monitors of the charts have it. */
export type Watching = { job: string; instance: string; metricsUrl: string };

export type WatchedPlatform = {
  platform: PodPlatform;
  operator: WatchedOperator;
  prometheus: PrometheusServer;
  /** Takes the traces of the pods: every one is recorded. */
  collector: OtlpReceiver;
  /** Access token of an administrator. */
  organizer: string;
  /** Both sell. Holds last for the whole test, offers of the waitlist for seconds. */
  booking: { first: PodProcess; second: PodProcess };
  watching: readonly Watching[];
  close: () => Promise<void>;
};

export type Programs = { redis: string; prometheus: string };

const offerSeconds = 4;
const root = path.join(import.meta.dirname, '..', '..');
const ruleFiles = ['monitoring/alerts', 'monitoring/slo'].map((folder) => `${folder}/*.rules.yaml`);
const scrapedMs = 30_000;

/** Everything is started, scraped once, and ends with `close`. */
export async function startWatchedPlatform(programs: Programs): Promise<WatchedPlatform> {
  const closing: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).toReversed()) await end();
  };
  try {
    const redis = await startRedisProcess({ program: programs.redis });
    closing.push(redis.stop);
    const collector = await startOtlpReceiver();
    closing.push(collector.close);
    const platform = await createPodPlatform({
      REDIS_URL: redis.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '100',
    });
    closing.push(platform.close);
    await migrateAll(platform);
    const { booking, watching: pods } = await startPods(platform);
    const organizer = await becomeOrganizer(platform);
    const operator = await startWatchedOperator(platform, [booking.first.url, booking.second.url]);
    closing.push(operator.close);
    const watching = [...pods, { job: 'operator', instance: 'operator-0', metricsUrl: operator.metricsUrl }];
    const prometheus = await startPrometheus({
      program: programs.prometheus,
      configuration: configurationFor(watching),
    });
    closing.push(prometheus.stop);
    await untilScraped(prometheus, watching);
    return { platform, operator, prometheus, collector, organizer, booking, watching, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function migrateAll(platform: PodPlatform): Promise<void> {
  const failed = (await platform.migrate()).filter(({ code }) => code !== 0);
  if (failed.length > 0) throw new Error(failed.map(({ stderr }) => stderr).join('\n'));
}

type Pods = Pick<WatchedPlatform, 'booking' | 'watching'>;

async function startPods(platform: PodPlatform): Promise<Pods> {
  const watching: Watching[] = [];
  const start = async (name: ServiceName, instance: string, own: Settings = {}): Promise<PodProcess> => {
    const port = await freePort();
    watching.push({ job: name, instance, metricsUrl: `http://127.0.0.1:${port}/metrics` });
    return platform.start(name, { METRICS_PORT: String(port), ...own });
  };
  const others = serviceNames.filter((name) => name !== 'booking');
  const offers = { BOOKING_OFFER_SECONDS: String(offerSeconds) };
  const second = { ...offers, BOOKING_PORT: String(await freePort()) };
  // One after the other: all at once, a slow machine is ready with none of them in time.
  for (const name of others) await start(name, `${name}-0`);
  const first = await start('booking', 'booking-0', offers);
  const other = await start('booking', 'booking-1', second);
  return { booking: { first, second: other }, watching };
}

function configurationFor(watching: readonly Watching[]): string {
  const jobs = Map.groupBy(watching, ({ job }) => job);
  return stringify({
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ruleFiles.map((pattern) => path.join(root, pattern)),
    scrape_configs: [...jobs].map(([job, targets]) => ({
      job_name: job,
      // As the scrape configurations of monitoring/prometheus have it.
      honor_labels: true,
      static_configs: targets.map(({ instance, metricsUrl }) => ({
        targets: [new URL(metricsUrl).host],
        labels: { instance },
      })),
    })),
  });
}

async function untilScraped(prometheus: PrometheusServer, watching: readonly Watching[]): Promise<void> {
  let seen = '';
  await until(
    'every process is scraped',
    scrapedMs,
    async () => {
      const targets = await prometheus.targets();
      seen = targets
        .map(({ labels, health, lastError }) => `${labels['instance']} ${health} ${lastError}`)
        .join('; ');
      return targets.length === watching.length && targets.every(({ health }) => health === 'up');
    },
    () => seen,
  );
}
