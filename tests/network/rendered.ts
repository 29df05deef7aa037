/** What a chart rendered, as far as the network cares: pods, Services and policies. */
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { Pod, PodPort } from './evaluate.ts';
import { policySchema, protocols, readPolicy, type Policy } from './policy.ts';
import type { Labels } from './selector.ts';

const labels = z.record(z.string(), z.string()).default({});
const documentSchema = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.object({ name: z.string(), namespace: z.string().optional(), labels }),
});
const containerSchema = z.object({
  ports: z
    .array(
      z.object({
        name: z.string().optional(),
        containerPort: z.int(),
        protocol: z.enum(protocols).default('TCP'),
      }),
    )
    .default([]),
});
const podSpecSchema = z.object({
  hostNetwork: z.boolean().default(false),
  containers: z.array(containerSchema),
  initContainers: z.array(containerSchema).default([]),
});
const templateSchema = z.object({ metadata: z.object({ labels }), spec: podSpecSchema });
const workloadSchema = z.object({ spec: z.object({ template: templateSchema }) });
const cronSchema = z.object({ spec: z.object({ jobTemplate: workloadSchema }) });
const serviceSchema = z.object({
  spec: z.object({
    selector: z.record(z.string(), z.string()).default({}),
    ports: z.array(
      z.object({
        port: z.int(),
        targetPort: z.union([z.int(), z.string()]).optional(),
        protocol: z.enum(protocols).default('TCP'),
      }),
    ),
  }),
});

export type Service = {
  name: string;
  namespace: string;
  selector: Labels;
  ports: readonly { port: number; targetPort: number | string; protocol: PodPort['protocol'] }[];
};
export type Rendered = { pods: Pod[]; services: Service[]; policies: Policy[] };

const templated = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job'];

/**
 * Reads what `helm template` or `kubectl` printed. Every kind that makes pods is a pod here, hooks and tests among them.
 * @param namespace where objects go that name none
 */
export function readRendered(text: string, namespace: string): Rendered {
  const rendered: Rendered = { pods: [], services: [], policies: [] };
  for (const parsed of parseAllDocuments(text)) {
    const document: unknown = parsed.toJS();
    if (document === null || document === undefined) continue;
    readDocument(document, namespace, rendered);
  }
  return rendered;
}

function readDocument(document: unknown, namespace: string, into: Rendered): void {
  const { kind, metadata } = documentSchema.parse(document);
  const at = { name: metadata.name, namespace: metadata.namespace ?? namespace };
  if (kind === 'NetworkPolicy') into.policies.push(readPolicy(policySchema.parse(document), namespace));
  if (kind === 'Service') {
    const { selector, ports } = serviceSchema.parse(document).spec;
    into.services.push({
      ...at,
      selector,
      ports: ports.map((p) => ({ ...p, targetPort: p.targetPort ?? p.port })),
    });
  }
  const template = templateOf(kind, document, metadata.labels);
  if (template !== null) into.pods.push(podOf(template, { ...at, kind }, into.pods.length));
}

type Template = z.output<typeof templateSchema>;

function templateOf(kind: string, document: unknown, ownLabels: Labels): Template | null {
  if (templated.includes(kind)) return workloadSchema.parse(document).spec.template;
  if (kind === 'CronJob') return cronSchema.parse(document).spec.jobTemplate.spec.template;
  if (kind !== 'Pod') return null;
  const { spec } = z.object({ spec: podSpecSchema }).parse(document);
  return { metadata: { labels: ownLabels }, spec };
}

function podOf(
  template: Template,
  { name, namespace, kind }: { name: string; namespace: string; kind: string },
  index: number,
): Pod {
  if (template.spec.hostNetwork) {
    throw new Error(`${kind} ${name} is on its node's network, where no policy holds; take hostNetwork away`);
  }
  const containers = [...template.spec.containers, ...template.spec.initContainers];
  return {
    kind: 'pod',
    name,
    namespace,
    namespaceLabels: { 'kubernetes.io/metadata.name': namespace },
    labels: template.metadata.labels,
    ports: containers.flatMap(({ ports }) =>
      ports.map((one) => ({ name: one.name ?? null, port: one.containerPort, protocol: one.protocol })),
    ),
    ip: `10.244.8.${index + 1}`,
  };
}
