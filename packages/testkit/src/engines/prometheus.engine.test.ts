import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { requireEngine } from './engine.ts';
import { freePort } from './kube-processes.ts';
import { prometheus } from './prometheus.ts';
import { startPrometheus } from './prometheus-server.ts';

/** A process with one metric, scraped four times a second. */
async function withPage<T>(work: (port: number) => Promise<T>): Promise<T> {
  const server = createServer((_req, res) => {
    res.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
    res.end('# HELP coats_items Coats\n# TYPE coats_items gauge\ncoats_items{hook="a"} 7\n');
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  try {
    return await work(port);
  } finally {
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }
}

const configurationFor = (port: number): string => `
global: { scrape_interval: 250ms }
rule_files: [rules.yml]
scrape_configs:
  - job_name: cloakroom
    static_configs: [{ targets: ['127.0.0.1:${port}'] }]
`;
const rules = `
groups:
  - name: coats
    rules: [{ alert: TooManyCoats, expr: coats_items > 5 }]
`;

test('it scrapes, answers, complains in its own words, and leaves no process', async (context) => {
  const program = await requireEngine(prometheus, (note) => context.skip(note));
  await withPage(async (port) => {
    const server = await startPrometheus({
      program,
      configuration: configurationFor(port),
      files: { 'rules.yml': rules },
    });
    try {
      await expect
        .poll(() => server.query('coats_items'), { timeout: 15_000 })
        .toEqual([expect.objectContaining({ value: 7 })]);
      const [sample] = await server.query('coats_items');
      expect(sample?.labels).toMatchObject({ hook: 'a', job: 'cloakroom', instance: `127.0.0.1:${port}` });
      expect(await server.query('vector(1) / 0')).toEqual([{ labels: {}, value: Number.POSITIVE_INFINITY }]);
      expect(await server.query('nothing_at_all')).toEqual([]);
      await expect(server.query('rate(coats_items)')).rejects.toThrow('bad_data');
      expect((await server.targets()).map(({ health, labels }) => [health, labels['job']])).toEqual([
        ['up', 'cloakroom'],
      ]);
      expect(isAlive(server.pid)).toBe(true);
    } finally {
      await server.stop();
    }
    expect(isAlive(server.pid)).toBe(false);
  });
}, 60_000);

test('a configuration that is wrong is told at once, with what Prometheus says of it', async (context) => {
  const program = await requireEngine(prometheus, (note) => context.skip(note));
  await expect(startPrometheus({ program, configuration: 'scrape: []\n' })).rejects.toThrow(
    'field scrape not found',
  );
}, 60_000);

function isAlive(pid: number): boolean {
  return spawnSync('kill', ['-0', String(pid)]).status === 0;
}
