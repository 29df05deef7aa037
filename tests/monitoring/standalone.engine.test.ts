/** The platform in one process, watched as the README of `monitoring` says: with the configuration that is checked in. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { requireEngine } from '@evently/testkit/engines/engine';
import { createProcessGroup } from '@evently/testkit/engines/kube-processes';
import { prometheus, promtool } from '@evently/testkit/engines/prometheus';
import { startPrometheus } from '@evently/testkit/engines/prometheus-server';
import { standaloneSettings } from '@evently/standalone/config';
import { expect, test } from 'vitest';
import { startPlatform } from '../../operator/test/platform.ts';
import { until } from '../pods/pod-process.ts';
import { checkMetrics } from './check-metrics.ts';

const folder = path.join(import.meta.dirname, '..', '..', 'monitoring');
const lifeMs = 240_000;

/** As it is checked in, but for the port and for where the rules lie from here. */
async function configurationFor(metricsPort: number): Promise<string> {
  const text = await readFile(path.join(folder, 'prometheus', 'prometheus.yml'), 'utf8');
  const port = `:${standaloneSettings.METRICS_PORT.fallback}'`;
  expect(text.split(port)).toHaveLength(2);
  return text.replace(port, `:${metricsPort}'`).replaceAll('- ../', `- ${folder}/`);
}

test(
  'one process is scraped by the checked-in configuration, and promtool has nothing to say of its metrics',
  async (context) => {
    const program = await requireEngine(prometheus, (note) => context.skip(note));
    const checker = await requireEngine(promtool, (note) => context.skip(note));
    const group = await createProcessGroup('watched-standalone');
    try {
      const platform = await startPlatform(group, { pods: 0, holdSeconds: 60 });
      const { metrics } = platform.runtime.ports;
      await platform.stage('Watched', 10);
      expect(await checkMetrics(checker, `http://127.0.0.1:${metrics}/metrics`)).toEqual([]);
      const server = await startPrometheus({ program, configuration: await configurationFor(metrics) });
      try {
        const jobs = async (): Promise<unknown> =>
          (await server.query('count by (job, instance) (evently_build_info)')).map(({ labels }) => labels);
        await until('the process is scraped', 30_000, async () => JSON.stringify(await jobs()) !== '[]');
        expect(await jobs()).toEqual([{ job: 'standalone', instance: `127.0.0.1:${metrics}` }]);
        const [capacity] = await server.query('max(evently_booking_inventory_tickets{state="capacity"})');
        expect(capacity?.value).toBe(10);
      } finally {
        await server.stop();
      }
    } finally {
      await group.stop();
    }
  },
  lifeMs,
);
