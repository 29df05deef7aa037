/** Metrics of the composition itself: the embedded server's restarts and who waits for a connection. */
import { Counter, Gauge, type Registry } from 'prom-client';

export type StandaloneMetrics = {
  /** PostgreSQL ended unasked. */
  serverEnded: () => void;
  /** Reports the work of `service` that waits for a connection, at each scrape. */
  watchPool: (service: string, waiting: () => number) => void;
};

export function createStandaloneMetrics(registry: Registry): StandaloneMetrics {
  const ended = new Counter({
    name: 'evently_standalone_postgres_ends_total',
    help: 'Times the embedded PostgreSQL ended without being asked to',
    registers: [registry],
  });
  const pools = new Map<string, () => number>();
  new Gauge({
    name: 'evently_standalone_pool_waiting_items',
    help: 'Statements and transactions that wait for a connection of the pool of a service',
    labelNames: ['service'],
    registers: [registry],
    collect() {
      for (const [service, waiting] of pools) this.set({ service }, waiting());
    },
  });
  return {
    serverEnded: () => ended.inc(),
    watchPool: (service, waiting) => void pools.set(service, waiting),
  };
}
