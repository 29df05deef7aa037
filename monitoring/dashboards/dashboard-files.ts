/** The dashboards as files, for Grafana's provisioning, for the chart, and to be imported by hand. */
import { asyncWork } from './async.ts';
import { checkout } from './checkout.ts';
import { contention } from './contention.ts';
import { makeDashboard } from './grafana-dashboard.ts';
import { operator } from './operator.ts';
import type { Dashboard } from './panel.ts';
import { runtime } from './runtime.ts';
import { sale } from './sale.ts';
import { services } from './services.ts';

export const dashboards: readonly Dashboard[] = [
  sale,
  contention,
  checkout,
  asyncWork,
  operator,
  services,
  runtime,
];

/** Text of each file by its path from the project's root. */
export function dashboardFiles(): Record<string, string> {
  return Object.fromEntries(
    dashboards.map((dashboard) => [
      `monitoring/dashboards/json/${dashboard.uid}.json`,
      `${JSON.stringify(makeDashboard(dashboard), null, 2)}\n`,
    ]),
  );
}
