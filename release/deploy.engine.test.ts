/** `make deploy` and `make rollback` against a real API server, with a chart of one Deployment on kwok's fake nodes. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startControlPlane, type ControlPlane } from '@evently/testkit/engines/kube';
import { requireHelmTools } from '@evently/testkit/engines/helm-tools';
import { requireKubeTools } from '@evently/testkit/engines/kube-tools';
import { afterAll, expect, test, type TestContext } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const makeMs = 100_000;
let plane: ControlPlane | null = null;
let folder = '';
afterAll(async () => {
  await plane?.stop();
  if (folder !== '') await rm(folder, { recursive: true, force: true });
});

/** One Deployment that says its version; `where` chooses the nodes it may run on. */
async function writeChart(version: string, where: Record<string, string> = {}): Promise<string> {
  const chart = path.join(folder, `chart-${version}`);
  await mkdir(path.join(chart, 'templates'), { recursive: true });
  await writeFile(path.join(chart, 'Chart.yaml'), `apiVersion: v2\nname: shop\nversion: ${version}\n`);
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'shop' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'shop' } },
      template: {
        metadata: { labels: { app: 'shop', version } },
        spec: { nodeSelector: where, containers: [{ name: 'shop', image: 'shop' }] },
      },
    },
  };
  await writeFile(path.join(chart, 'templates', 'shop.yaml'), JSON.stringify(deployment));
  return chart;
}

type Made = { code: number; says: string };
function make(kubeconfig: string, words: readonly string[]): Promise<Made> {
  const env = { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: kubeconfig };
  return new Promise((resolve) => {
    const child = execFile('make', [...words], { cwd: root, env, timeout: makeMs }, (_error, out, said) =>
      resolve({ code: child.exitCode ?? -1, says: `${out}${said}` }),
    );
  });
}

test('a version that does not become ready is taken back, and a person can go back to the one before', async ({
  skip,
}: TestContext) => {
  await requireKubeTools(skip);
  const helm = path.join(await requireHelmTools(skip), 'helm');
  folder = await mkdtemp(path.join(tmpdir(), 'evently-deploy-'));
  plane = await startControlPlane({ fakeNodes: 1 });
  const { kubeconfig, kubectl } = plane;
  await kubectl(['create', 'namespace', 'shop']);
  const words = [`HELM=${helm}`, 'RELEASE=shop', 'NAMESPACE=shop'];
  const deploy = (chart: string, timeout: string): Promise<Made> =>
    make(kubeconfig, ['deploy', ...words, `CHART=${chart}`, `DEPLOY_TIMEOUT=${timeout}`]);
  const running = (): Promise<string> =>
    kubectl([
      'get',
      'deployment',
      'shop',
      '-n',
      'shop',
      '-o',
      'jsonpath={.spec.template.metadata.labels.version}',
    ]);

  expect(await deploy(await writeChart('0.1.0'), '60s')).toMatchObject({ code: 0 });
  expect(await deploy(await writeChart('0.2.0'), '60s')).toMatchObject({ code: 0 });
  expect(await running()).toBe('0.2.0');
  const nowhere = await writeChart('0.3.0', { disk: 'golden' });
  const failed = await deploy(nowhere, '10s');
  expect(failed.code).not.toBe(0);
  expect(await running()).toBe('0.2.0');
  expect(await make(kubeconfig, ['rollback', ...words, 'DEPLOY_TIMEOUT=60s'])).toMatchObject({ code: 0 });
  expect(await running()).toBe('0.1.0');
}, 300_000);
