/** Metrics of the pod itself: who waits for a connection, whether the bus is connected, where it is in its life. */
import { Gauge, type Registry } from 'prom-client';
import type { PodState } from './state.ts';

export type PodMetricsOptions = {
  registry: Registry;
  state: PodState;
  pools: Readonly<Record<string, () => number>>;
  busIsUp: () => boolean;
};

export function createPodMetrics({ registry, state, pools, busIsUp }: PodMetricsOptions): void {
  new Gauge({
    name: 'evently_pod_pool_waiting_items',
    help: 'Statements and transactions that wait for a connection of a pool of this pod',
    labelNames: ['pool'],
    registers: [registry],
    collect() {
      for (const [pool, waiting] of Object.entries(pools)) this.set({ pool }, waiting());
    },
  });
  new Gauge({
    name: 'evently_pod_bus_connected_info',
    help: 'Whether the bus reaches Redis: 1 when it does, 0 when messages wait in the outbox',
    registers: [registry],
    collect() {
      this.set(busIsUp() ? 1 : 0);
    },
  });
  new Gauge({
    name: 'evently_pod_phase_info',
    help: 'Where this pod is in its life: 1 for the phase it is in',
    labelNames: ['phase'],
    registers: [registry],
    collect() {
      for (const phase of ['starting', 'serving', 'draining'] as const)
        this.set({ phase }, state.phase() === phase ? 1 : 0);
    },
  });
}
