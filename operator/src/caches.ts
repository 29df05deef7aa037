/** The three caches of the watched namespace, and whether they follow the API server. */
import type { Logger } from '@evently/kit/log';
import { parseEventSale } from './api/parse-event-sale.ts';
import { eventSales } from './api/resource.ts';
import { readAutoscaler, readPod } from './floor/contracts.ts';
import type { KubeApi } from './kube/api.ts';
import { createReflector, type ReflectorHooks } from './kube/reflector.ts';
import { horizontalPodAutoscalers, pods } from './kube/resource.ts';
import type { Caches } from './world.ts';

export type CachesDeps = {
  api: KubeApi;
  namespace: string;
  /** A watch of which nothing came for so long is given up. */
  idleLimitMs: number;
  log: Logger;
  hooks: (resource: string) => ReflectorHooks;
};

export type RunningCaches = Caches & {
  start: () => void;
  stop: () => Promise<void>;
  /** Milliseconds since the API server last said anything, by resource. */
  agesMs: () => ReadonlyMap<string, number>;
};

export function createCaches({ api, namespace, idleLimitMs, log, hooks }: CachesDeps): RunningCaches {
  const shared = { api, scope: { namespace }, log, limits: { idleLimitMs } };
  const caches = {
    sales: createReflector({
      ...shared,
      resource: eventSales,
      parse: parseEventSale,
      hooks: hooks('eventsales'),
    }),
    autoscalers: createReflector({
      ...shared,
      resource: horizontalPodAutoscalers,
      parse: readAutoscaler,
      hooks: hooks('horizontalpodautoscalers'),
    }),
    pods: createReflector({ ...shared, resource: pods, parse: readPod, hooks: hooks('pods') }),
  };
  const all = [caches.sales, caches.autoscalers, caches.pods];
  return {
    ...caches,
    start: () => {
      for (const cache of all) cache.start();
    },
    stop: async () => void (await Promise.all(all.map((cache) => cache.stop()))),
    agesMs: () =>
      new Map([
        ['eventsales', caches.sales.lastActivityMs()],
        ['horizontalpodautoscalers', caches.autoscalers.lastActivityMs()],
        ['pods', caches.pods.lastActivityMs()],
      ]),
  };
}
