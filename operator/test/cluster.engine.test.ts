import { Agent, request } from 'node:https';
import { expect, test } from 'vitest';
import { autoscalerPath } from './pool.ts';
import { startFaultProxy } from './fault-proxy.ts';
import { useCluster } from './use-cluster.ts';

const { cluster, space: openSpace } = useCluster({ hasMetrics: true });

test('with a metrics API the autoscaler follows a floor up, and down again', async () => {
  const space = await openSpace();
  cluster().metrics?.setCpu(space.namespace, 1);
  const setFloor = (minReplicas: number): Promise<unknown> =>
    cluster().kube.apply(autoscalerPath(space.namespace), {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      spec: { minReplicas },
    });
  const startedMs = Date.now();
  await setFloor(6);
  await expect.poll(async () => (await space.pool()).ready, { timeout: 30_000 }).toBe(6);
  const upMs = Date.now() - startedMs;
  await setFloor(2);
  await expect.poll(async () => (await space.pool()).ready, { timeout: 60_000 }).toBe(2);
  process.stdout.write(
    `ready at the floor after ${upMs} ms, and down after ${Date.now() - startedMs - upMs} ms\n`,
  );
});

test('each of the first pods is a process of its own, and warms itself for a sale', async () => {
  const eventId = await cluster().platform.stage('Pods', 100);
  const { api_key: key } = cluster().platform.runtime;
  const headers = { 'x-api-key': key, 'content-type': 'application/json' };
  const opensAt = new Date(Date.now() + 60_000).toISOString();
  const body = { epoch: 1, uid: crypto.randomUUID(), generation: 1, intent: 'Run', opens_at: opensAt };
  const armed = await fetch(`${cluster().platform.urlOf('booking')}/internal/sales/${eventId}`, {
    method: 'PUT',
    headers,
    body: JSON.stringify({ ...body, closes_at: null }),
  });
  expect(armed.status).toBe(200);
  for (const pod of ['first', 'second']) {
    const url = `${cluster().router.template.replace('{name}', pod)}/internal/sales/${eventId}`;
    const warm = async (): Promise<unknown> => {
      const answer = JSON.parse(await (await fetch(url, { headers })).text());
      return answer.warm.map((task: { task: string; result: string }) => `${task.task} ${task.result}`);
    };
    await expect.poll(warm, { timeout: 15_000 }).toContain('inventory warm');
  }
});

test('the fault proxy passes calls and watches on, and answers those that it is told to', async () => {
  const space = await openSpace();
  const proxy = await startFaultProxy(cluster().plane);
  try {
    proxy.setFault(({ verb, path }) => (verb === 'list' && path.includes('/pods') ? { status: 503 } : null));
    const agent = new Agent({ ca: cluster().plane.caCertificate });
    const ask = (path: string): Promise<number> =>
      new Promise((resolve, reject) => {
        request(`${proxy.server}${path}`, { agent }, (res) => {
          res.resume();
          resolve(res.statusCode ?? 0);
        })
          .on('error', reject)
          .end();
      });
    expect(await ask(`/api/v1/namespaces/${space.namespace}/pods`)).toBe(503);
    // Nobody is logged in: the answer is the API server's own.
    expect(await ask(`/api/v1/namespaces/${space.namespace}/secrets`)).toBe(403);
    expect(proxy.calls().map(({ verb }) => verb)).toEqual(['list', 'list']);
  } finally {
    await proxy.close();
  }
});
