/** Metrics of the pod itself: which build it is, whether the bus is connected, where it is in its life. */
import type { Registry } from 'prom-client';
import { addBuild } from '@evently/kit/metrics';
import { addGauge, defineGauge } from '@evently/kit/metrics-define';
import { platformVersion } from '@evently/kit/version';
import type { PodState } from './state.ts';

export type PodMetricsOptions = {
  registry: Registry;
  service: string;
  state: PodState;
  busIsUp: () => boolean;
};

export const podDefinitions = {
  bus: defineGauge({
    name: 'evently_pod_bus_connected_info',
    help: 'Whether the bus reaches Redis: 1 when it does, 0 when messages wait in the outbox',
    labels: {},
  }),
  phase: defineGauge({
    name: 'evently_pod_phase_info',
    help: 'Where this pod is in its life: 1 for the phase it is in',
    labels: { phase: ['starting', 'serving', 'draining'] },
  }),
} as const;

export function createPodMetrics({ registry, service, state, busIsUp }: PodMetricsOptions): void {
  addBuild(registry, [service], platformVersion);
  addGauge(registry, podDefinitions.bus, (gauge) => gauge.set({}, busIsUp() ? 1 : 0));
  addGauge(registry, podDefinitions.phase, (gauge) => {
    for (const phase of podDefinitions.phase.labels.phase)
      gauge.set({ phase }, state.phase() === phase ? 1 : 0);
  });
}
