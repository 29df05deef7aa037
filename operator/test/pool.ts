/** What a platform's chart leaves in a namespace: the operator's account and rights, booking's pods, its autoscaler. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import type { Json, KubeClient } from './kube-client.ts';

export type PoolOptions = {
  baseline: number;
  max: number;
  /** Reservations a second. */
  perPod: number;
  perEvent: number;
};

/** Where the sales of a test are, and where its operator is. */
export type Namespaces = { sales: string; operator: string };

export const poolDefaults: PoolOptions = { baseline: 2, max: 20, perPod: 100, perEvent: 5_000 };
export const account = 'evently-operator';

const rbac = new URL('../../k8s/operator/rbac.yaml', import.meta.url);
const crd = new URL('../../k8s/operator/crd.yaml', import.meta.url);
const establishedMs = 20_000;
const labels = { 'app.kubernetes.io/name': 'booking', 'app.kubernetes.io/part-of': 'evently' };
const namespaced: Readonly<Record<string, string>> = {
  ServiceAccount: '/api/v1/namespaces/{}/serviceaccounts',
  Role: '/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles',
  RoleBinding: '/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings',
};
const clusterWide: Readonly<Record<string, string>> = {
  ClusterRole: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  ClusterRoleBinding: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
};

/** Path of an autoscaler. */
export function autoscalerPath(namespace: string, name = 'booking'): string {
  return `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers/${name}`;
}

/** Applies the CRD and waits until the API server knows the kind. */
export async function applyCrd(kube: KubeClient): Promise<void> {
  const [definition] = await readDocuments(crd);
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition.metadata.name}`;
  await kube.apply(path, definition);
  const deadline = Date.now() + establishedMs;
  const kind = `/apis/${definition.spec.group}/${definition.spec.versions[0].name}/${definition.spec.names.plural}`;
  while ((await kube.send('GET', kind)).status !== 200) {
    if (Date.now() > deadline) throw new Error(`the API server does not serve ${kind}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * The account of the operator and exactly the rights of k8s/operator/rbac.yaml, with these namespaces in place of `evently`
 * and `evently-system`. What is cluster-wide gets the name of the namespace of the sales, so that tests do not
 * share it. Answers a token.
 */
export async function applyAccount(kube: KubeClient, namespaces: Namespaces): Promise<string> {
  const named: Readonly<Record<string, string>> = {
    evently: namespaces.sales,
    'evently-system': namespaces.operator,
  };
  const inSpace = (name: string): string => {
    const found = named[name];
    if (found === undefined) throw new Error(`${fileURLToPath(rbac)} speaks of the namespace ${name}`);
    return found;
  };
  for (const document of await readDocuments(rbac)) {
    for (const subject of document.subjects ?? []) subject.namespace = inSpace(subject.namespace);
    const { kind, metadata } = document;
    const [path, wide] = [namespaced[kind], clusterWide[kind]];
    if (wide !== undefined) {
      if (document.roleRef !== undefined) document.roleRef.name += `-${namespaces.sales}`;
      metadata.name += `-${namespaces.sales}`;
      await kube.apply(`${wide}/${metadata.name}`, document);
    } else if (path !== undefined) {
      metadata.namespace = inSpace(metadata.namespace);
      await kube.apply(`${path.replace('{}', metadata.namespace)}/${metadata.name}`, document);
    } else throw new Error(`${fileURLToPath(rbac)} holds a ${kind}`);
  }
  const accounts = `/api/v1/namespaces/${namespaces.operator}/serviceaccounts`;
  const answer = await kube.create(`${accounts}/${account}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3_600 },
  });
  return answer.status.token;
}

/** A Deployment `booking` and its autoscaler; nobody but the operator is to own `minReplicas`. */
export async function applyPool(kube: KubeClient, namespace: string, options: PoolOptions): Promise<void> {
  await kube.apply(`/apis/apps/v1/namespaces/${namespace}/deployments/booking`, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'booking', labels },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [{ name: 'booking', image: 'booking:test', resources: { requests: { cpu: '100m' } } }],
        },
      },
    },
  });
  await kube.apply(
    autoscalerPath(namespace),
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: {
        name: 'booking',
        labels,
        annotations: {
          'evently.dev/baseline-replicas': String(options.baseline),
          'evently.dev/reservations-per-second-per-pod': String(options.perPod),
          'evently.dev/reservations-per-second-per-event': String(options.perEvent),
        },
      },
      spec: {
        maxReplicas: options.max,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'booking' },
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } },
          },
        ],
        behavior: {
          scaleUp: { stabilizationWindowSeconds: 0 },
          scaleDown: { stabilizationWindowSeconds: 0 },
        },
      },
    },
    'chart',
  );
}

async function readDocuments(file: URL): Promise<Json[]> {
  return parseAllDocuments(await readFile(file, 'utf8')).map((document) => document.toJS());
}
