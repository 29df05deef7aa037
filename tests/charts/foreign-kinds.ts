/** Kinds of others that the charts can make: just the fields that the charts use, so that any other name is refused. */

type FieldSchema = { [key: string]: unknown };

const text = { type: 'string' };
const whole = { type: 'integer' };
const list = (items: FieldSchema): FieldSchema => ({ type: 'array', items });
const members = (properties: FieldSchema, required: readonly string[]): FieldSchema => ({
  type: 'object',
  properties,
  required,
});
const labels = { type: 'object', additionalProperties: text };
const relabeling = members({ sourceLabels: list(text), targetLabel: text }, ['sourceLabels', 'targetLabel']);
const endpoint = members(
  { port: text, path: text, interval: text, honorLabels: { type: 'boolean' }, relabelings: list(relabeling) },
  ['port'],
);
const rule = members(
  { alert: text, record: text, expr: text, for: text, keep_firing_for: text, labels, annotations: labels },
  ['expr'],
);
const ruleGroup = members({ name: text, interval: text, rules: list(rule) }, ['name', 'rules']);
const selector = members({ matchLabels: labels }, ['matchLabels']);

/** As the API references of prometheus-operator (monitoring.coreos.com/v1) and of the Gateway API (v1) have them. */
const kinds = [
  {
    group: 'monitoring.coreos.com',
    kind: 'PodMonitor',
    plural: 'podmonitors',
    spec: members({ jobLabel: text, selector, podMetricsEndpoints: list(endpoint) }, [
      'selector',
      'podMetricsEndpoints',
    ]),
  },
  {
    group: 'monitoring.coreos.com',
    kind: 'ServiceMonitor',
    plural: 'servicemonitors',
    spec: members({ jobLabel: text, selector, endpoints: list(endpoint) }, ['selector', 'endpoints']),
  },
  {
    group: 'monitoring.coreos.com',
    kind: 'PrometheusRule',
    plural: 'prometheusrules',
    spec: members({ groups: list(ruleGroup) }, ['groups']),
  },
  {
    group: 'gateway.networking.k8s.io',
    kind: 'HTTPRoute',
    plural: 'httproutes',
    spec: members(
      {
        parentRefs: list(members({ name: text, namespace: text, sectionName: text }, ['name'])),
        hostnames: list(text),
        rules: list(
          members(
            {
              matches: list(
                members({ path: members({ type: text, value: text }, ['type', 'value']) }, ['path']),
              ),
              backendRefs: list(members({ name: text, port: whole }, ['name', 'port'])),
            },
            ['matches', 'backendRefs'],
          ),
        ),
      },
      ['parentRefs', 'rules'],
    ),
  },
] as const;

/** Definitions of these kinds for an API server. */
export const foreignKinds = kinds.map(({ group, kind, plural, spec }) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: `${plural}.${group}`,
    // The group of the Gateway API is one of Kubernetes' own, which are approved.
    annotations: { 'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/gateway-api' },
  },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
      },
    ],
  },
}));
