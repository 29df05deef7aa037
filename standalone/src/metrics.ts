/** Metrics of the composition itself: which build it is, and the embedded server's restarts. */
import type { Registry } from 'prom-client';
import { addBuild } from '@evently/kit/metrics';
import { addCounter, defineCounter } from '@evently/kit/metrics-define';
import { platformVersion } from '@evently/kit/version';

export type StandaloneMetrics = {
  /** PostgreSQL ended unasked. */
  serverEnded: () => void;
};

export const standaloneDefinitions = {
  ends: defineCounter({
    name: 'evently_standalone_postgres_ends_total',
    help: 'Times the embedded PostgreSQL ended without being asked to',
    labels: {},
  }),
} as const;

export function createStandaloneMetrics(registry: Registry, services: readonly string[]): StandaloneMetrics {
  addBuild(registry, services, platformVersion);
  const ended = addCounter(registry, standaloneDefinitions.ends);
  return { serverEnded: () => ended.inc({}) };
}
