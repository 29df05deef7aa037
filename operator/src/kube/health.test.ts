import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createVirtualTime } from '@evently/testkit/virtual-time';
import {
  checkElector,
  checkEventLoop,
  checkReconciles,
  checkReflector,
  createHealthHandler,
} from './health.ts';
import { KubeError } from './errors.ts';
import { pods } from './resource.ts';
import { createRuntimeMetrics } from './metrics.ts';
import { createWorkQueue } from './queue.ts';

const at = (path: string): Request => new Request(`http://127.0.0.1${path}`);

type World = {
  lagMs: number;
  silentMs: number;
  runsMs: number[];
  synced: boolean;
  activityMs: number;
  trouble: Error | null;
};

test('health answers with a reason for each check, also for one that throws', async () => {
  const world: World = { lagMs: 10, silentMs: 10, runsMs: [10], synced: true, activityMs: 10, trouble: null };
  const handler = createHealthHandler({
    alive: {
      event_loop: checkEventLoop(() => world.lagMs),
      elector: checkElector({ silentMs: () => world.silentMs, maxSilentMs: 25_000 }),
      reconciles: checkReconciles(() => world.runsMs, 60_000),
    },
    ready: {
      sales: checkReflector(
        {
          isSynced: () => world.synced,
          lastActivityMs: () => world.activityMs,
          trouble: () => world.trouble,
        },
        90_000,
      ),
    },
  });
  expect((await handler(at('/healthz'))).status).toBe(200);
  expect((await handler(at('/readyz'))).status).toBe(200);
  expect((await handler(at('/'))).status).toBe(404);
  expect((await handler(at('/startedz'))).status).toBe(200);
  Object.assign(world, { lagMs: 6_000, silentMs: 26_000, runsMs: [1, 61_000], synced: false });
  const dead = await handler(at('/healthz'));
  expect(dead.status).toBe(503);
  expect(await dead.json()).toEqual({
    status: 'unavailable',
    event_loop: 'the event loop stood still for 6000 ms; at most 5000',
    elector: 'the elector gave no sign of life for 26000 ms; at most 25000',
    reconciles: 'a reconcile runs for 61000 ms; at most 60000',
  });
  expect(await (await handler(at('/readyz'))).json()).toMatchObject({
    sales: expect.stringContaining('first list'),
  });
  world.trouble = new KubeError({
    call: { verb: 'watch', resource: pods, namespace: 'sales' },
    status: 403,
    reason: 'Forbidden',
    said: 'no',
  });
  expect(await (await handler(at('/readyz'))).json()).toMatchObject({
    sales: expect.stringContaining(
      'add the verb "watch" on "pods" of API group "" to its Role of namespace sales',
    ),
  });
  world.trouble = null;
  Object.assign(world, { synced: true, activityMs: 91_000 });
  expect((await handler(at('/readyz'))).status).toBe(503);
});

test("metrics carry controller-runtime's names", async () => {
  const registry = new Registry();
  const metrics = createRuntimeMetrics(registry);
  const queue = createWorkQueue({
    name: 'sale',
    time: createVirtualTime(),
    chance: () => 0,
    metrics: metrics.queue('sale'),
  });
  metrics.watchQueue(queue);
  metrics.controller('sale', 4).finished('error', 1);
  metrics.election('lease', () => true);
  metrics.request('api:443', {
    method: 'GET',
    verb: 'list',
    resource: 'pods',
    code: '200',
    seconds: 0.1,
    retries: 1,
  });
  queue.add('a');
  const text = await registry.metrics();
  for (const line of [
    'workqueue_depth{name="sale",controller="sale"} 1',
    'workqueue_adds_total{name="sale",controller="sale"} 1',
    'workqueue_unfinished_work_seconds{name="sale",controller="sale"} 0',
    'controller_runtime_reconcile_total{controller="sale",result="error"} 1',
    'controller_runtime_reconcile_errors_total{controller="sale"} 1',
    'controller_runtime_terminal_reconcile_errors_total{controller="sale"} 0',
    'controller_runtime_max_concurrent_reconciles{controller="sale"} 4',
    'rest_client_requests_total{code="200",method="GET",host="api:443"} 1',
    'leader_election_master_status{name="lease"} 1',
  ]) {
    expect(text).toContain(line);
  }
});
