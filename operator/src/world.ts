/** The operator's picture of the cluster: sales, autoscalers and pods, out of caches that follow the API server. */
import type { ParsedEventSale } from './api/parse-event-sale.ts';
import type { Autoscaler, LabelledPod } from './floor/contracts.ts';
import type { TargetPods } from './floor/target-pods.ts';
import type { Reflector } from './kube/reflector.ts';
import type { Sale } from './sale/model.ts';

export type World = {
  sale: (key: string) => ParsedEventSale | null;
  autoscaler: (namespace: string, name: string) => Autoscaler | null;
  /** Every sale that can be acted on. */
  sales: () => readonly Sale[];
  /** Every EventSale, also those that cannot be read. */
  listSales: () => readonly ParsedEventSale[];
  targetPods: TargetPods;
  /** False until autoscalers and pods were read as well: then only what needs neither may be done. */
  isWhole: () => boolean;
};

export type Caches = {
  sales: Reflector<ParsedEventSale>;
  autoscalers: Reflector<Autoscaler>;
  pods: Reflector<LabelledPod>;
};

export function createWorld(caches: Caches, targetPods: TargetPods): World {
  const listSales = (): readonly ParsedEventSale[] => caches.sales.list();
  return {
    sale: (key) => caches.sales.get(splitKey(key)),
    autoscaler: (namespace, name) => caches.autoscalers.get({ namespace, name }),
    sales: () => listSales().flatMap(({ sale }) => (sale === null ? [] : [sale])),
    listSales,
    targetPods,
    isWhole: () => caches.autoscalers.isSynced() && caches.pods.isSynced(),
  };
}

/** `namespace/name` in its parts. */
export function splitKey(key: string): { namespace: string; name: string } {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}
