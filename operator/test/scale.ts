/**
 * Measures the operator with many EventSales: time until all are armed, memory, and calls a minute at rest.
 * `node operator/test/scale.ts [sales]`, 500 unless told; needs the programs of `make kube-tools`.
 */
import { randomUUID } from 'node:crypto';
import { openCluster, type Cluster, type Space } from './cluster.ts';
import type { Json } from './kube-client.ts';
import type { OperatorProcess } from './operator-process.ts';

const wanted = Number(process.argv[2] ?? 500);
// Longer than the five minutes after which a sale that is far away is looked at again.
const restMs = 330_000;
const settleMs = 30_000;
const convergeMs = 300_000;
const dayMs = 86_400_000;
const workersAtOnce = 8;

const pauseFor = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Writes an event's stock straight into booking: many events are not made by hand. */
async function putEvent({ platform }: Cluster, eventId: string): Promise<void> {
  const startsAt = new Date(Date.now() + 60 * dayMs);
  const answer = await fetch(`${platform.urlOf('booking')}/internal/inventory/${eventId}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', 'x-api-key': platform.runtime.api_key },
    body: JSON.stringify({
      revision: 1,
      catalog_version: 1,
      status: 'published',
      name: 'A concert',
      venue_name: 'A hall',
      venue_address: 'A street',
      starts_at: startsAt.toISOString(),
      ends_at: new Date(startsAt.getTime() + 7_200_000).toISOString(),
      currency: 'EUR',
      sale: { mode: 'managed', opens_at: null, closes_at: null },
      max_per_booking: 10,
      max_per_buyer: null,
      waitlist: 'automatic',
      refund_policy: [],
      tiers: [{ tier_id: randomUUID(), name: 'General', capacity: 100, price_minor: 1_000 }],
    }),
  });
  if (!answer.ok) throw new Error(`booking refused the event: ${await answer.text()}`);
}

/** Runs `work` for each number below `count`, a few at once. */
async function forEach(count: number, work: (at: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) await work(at);
  };
  await Promise.all(Array.from({ length: workersAtOnce }, one));
}

async function untilAllArmed({ kube }: Cluster, space: Space): Promise<void> {
  const path = `/apis/evently.dev/v1alpha1/namespaces/${space.namespace}/eventsales`;
  const deadline = Date.now() + convergeMs;
  for (;;) {
    const { items }: { items: Json[] } = await kube.get(path);
    const armed = items.filter((sale) =>
      (sale.status?.conditions ?? []).some(
        (one: Json) => one.type === 'Armed' && one.status === 'True' && one.observedGeneration === 1,
      ),
    );
    if (armed.length === wanted) return;
    if (Date.now() > deadline) throw new Error(`only ${armed.length} of ${wanted} are armed`);
    await pauseFor(250);
  }
}

type Figures = { calls: number; cpuSeconds: number; reconciles: number };

async function figuresOf(operator: OperatorProcess): Promise<Figures> {
  return {
    calls: await operator.metric('rest_client_requests_total'),
    cpuSeconds: await operator.metric('process_cpu_seconds_total'),
    reconciles: await operator.metric('controller_runtime_reconcile_total'),
  };
}

async function megabytes(operator: OperatorProcess): Promise<string> {
  const [resident, heap] = [
    await operator.metric('process_resident_memory_bytes'),
    await operator.metric('nodejs_heap_size_used_bytes'),
  ];
  return `${Math.round(resident / 1_048_576)} MiB resident, ${Math.round(heap / 1_048_576)} MiB of heap`;
}

async function measure(cluster: Cluster): Promise<void> {
  const space = await cluster.openSpace();
  const events = Array.from({ length: wanted }, () => randomUUID());
  await forEach(wanted, (at) => putEvent(cluster, events[at] ?? ''));
  const operator = await space.startOperator({ EVENTLY_LOG_LEVEL: 'info' });
  await operator.untilLeads();
  say(`empty: ${await megabytes(operator)}`);
  const startedMs = Date.now();
  await forEach(wanted, (at) =>
    space.applySale(`sale-${at}`, {
      eventID: events[at],
      opensAt: new Date(Date.now() + 10 * dayMs + at * 3_600_000).toISOString(),
      closesAt: new Date(Date.now() + 11 * dayMs + at * 3_600_000).toISOString(),
      demand: { peakReservationsPerSecond: 300 },
    }),
  );
  const createdMs = Date.now();
  await untilAllArmed(cluster, space);
  say(
    `${wanted} created in ${(createdMs - startedMs) / 1_000} s, all armed ${(Date.now() - createdMs) / 1_000} s later`,
  );
  say(`then: ${await megabytes(operator)}, ${JSON.stringify(await figuresOf(operator))}`);
  await pauseFor(settleMs);
  const before = await figuresOf(operator);
  await pauseFor(restMs);
  const after = await figuresOf(operator);
  const perMinute = (key: keyof Figures): number => (after[key] - before[key]) / (restMs / 60_000);
  say(
    `at rest: ${await megabytes(operator)}; a minute: ${perMinute('calls')} calls, ${perMinute('reconciles')} reconciles, ${perMinute('cpuSeconds').toFixed(2)} s of CPU`,
  );
  await operator.end('SIGKILL');
  const againMs = Date.now();
  const next = await space.startOperator({ EVENTLY_LOG_LEVEL: 'info' });
  await next.untilLeads();
  const leadsMs = Date.now();
  await pauseFor(1_000);
  while ((await next.metric('workqueue_depth')) > 0) await pauseFor(100);
  say(
    `after a crash: leads in ${(leadsMs - againMs) / 1_000} s, has looked at all ${(Date.now() - leadsMs) / 1_000} s later, ${await megabytes(next)}, ${JSON.stringify(await figuresOf(next))}`,
  );
}

const cluster = await openCluster({ hasMetrics: false, pods: 1 });
try {
  await measure(cluster);
} finally {
  await cluster.close();
}
