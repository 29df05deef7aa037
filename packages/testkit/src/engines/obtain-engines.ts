/** Before the suites against other engines: says which are here, and makes those that can be made. */
import { actionlint } from './actionlint.ts';
import { buildHelmTools } from './build-helm-tools.ts';
import { buildKubeTools } from './build-kube-tools.ts';
import { chromium } from './chromium.ts';
import { isContinuousIntegration, obtainEngine } from './engine.ts';
import { findHelmTools } from './helm-tools.ts';
import { k6 } from './k6.ts';
import { findKubeTools } from './kube-tools.ts';
import { findNodeCluster } from './node-cluster.ts';
import { openSearch, openSearchWithSecurity } from './opensearch.ts';
import { postgresClient } from './postgres-client.ts';
import { prometheus, promtool } from './prometheus.ts';
import { redisServer } from './redis.ts';

const engines = [
  k6,
  redisServer,
  actionlint,
  chromium,
  openSearch,
  openSearchWithSecurity,
  postgresClient,
  prometheus,
  promtool,
];

export default async function setup(): Promise<void> {
  const say = (sentence: string): void => void process.stdout.write(`${sentence}\n`);
  for (const engine of engines) {
    const search = await obtainEngine(engine, say);
    say(
      search.kind === 'found'
        ? `${engine.command} ${search.version}: ${search.program}`
        : `${engine.command} is missing, and with it all tests that need it: ${search.reason}`,
    );
  }
  await nameKubernetes(say);
  await nameHelm(say);
  const node = await findNodeCluster();
  say(
    node.kind === 'found'
      ? `A real node can be started: ${node.scripts}`
      : `No real node can be started, and tests that need one cannot run: ${node.reason}`,
  );
}

/** Kubernetes takes too long to be built unasked, except where nobody waits. */
async function nameKubernetes(say: (sentence: string) => void): Promise<void> {
  let search = await findKubeTools();
  const isNamed = (process.env['EVENTLY_KUBE_TOOLS'] ?? '') !== '';
  if (search.kind === 'missing' && !isNamed && isContinuousIntegration(process.env)) {
    await buildKubeTools(say).catch((error: Error) => say(`Building Kubernetes failed: ${error.message}`));
    search = await findKubeTools();
  }
  say(
    search.kind === 'found'
      ? `Kubernetes ${search.version}: ${search.folder}`
      : `Kubernetes is missing, and with it all tests that need it: ${search.reason}`,
  );
}

async function nameHelm(say: (sentence: string) => void): Promise<void> {
  let search = await findHelmTools();
  if (search.kind === 'missing' && isContinuousIntegration(process.env)) {
    await buildHelmTools(say).catch((error: Error) => say(`Building Helm failed: ${error.message}`));
    search = await findHelmTools();
  }
  say(
    search.kind === 'found'
      ? `Helm: ${search.folder}`
      : `Helm is missing, and with it all tests that need it: ${search.reason}`,
  );
}
