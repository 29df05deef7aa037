/** The CustomResourceDefinition of EventSale, made from the zod schema, and its columns. */
import { stringify } from 'yaml';
import { z } from 'zod';
import { eventSaleSchema } from './event-sale.ts';
import { apiGroup, apiVersionName, kind, plural, shortName, singular } from './names.ts';

export type Column = {
  name: string;
  type: 'string' | 'integer' | 'date';
  jsonPath: string;
  description: string;
  /** 1 shows it with `-o wide` only. */
  priority?: 1;
};

const conditionOf = (type: string, member: string): string =>
  `.status.conditions[?(@.type=="${type}")].${member}`;

/** What `kubectl get` shows. Opens is a string: a column of type date shows a time to come as `<invalid>`. */
export const columns: readonly Column[] = [
  { name: 'Opens', type: 'string', jsonPath: '.spec.opensAt', description: 'When the sale opens.' },
  {
    name: 'Stage',
    type: 'string',
    jsonPath: conditionOf('Ready', 'reason'),
    description: 'Where the sale is: the reason of Ready.',
  },
  {
    name: 'Ready',
    type: 'string',
    jsonPath: conditionOf('Ready', 'status'),
    description: 'Whether the duty of that stage is met.',
  },
  {
    name: 'Floor',
    type: 'integer',
    jsonPath: '.status.floor',
    description: 'Least pods of the target now, for all its sales together.',
  },
  { name: 'Pods', type: 'integer', jsonPath: '.status.readyPods', description: 'Ready pods of the target.' },
  {
    name: 'Warm',
    type: 'string',
    jsonPath: conditionOf('CachesWarm', 'reason'),
    description: 'How far warming is: the reason of CachesWarm.',
  },
  {
    name: 'Age',
    type: 'date',
    jsonPath: '.metadata.creationTimestamp',
    description: 'How long ago it was created.',
  },
  {
    name: 'Target',
    type: 'string',
    jsonPath: '.spec.target.name',
    description: 'The HorizontalPodAutoscaler.',
    priority: 1,
  },
  {
    name: 'Message',
    type: 'string',
    jsonPath: conditionOf('Ready', 'message'),
    description: 'The message of Ready: what is, and what to do.',
    priority: 1,
  },
];

/** One node of the schema as the cluster takes it: JSON Schema with the extensions of Kubernetes. */
const nodeSchema = z.looseObject({
  type: z.enum(['object', 'array', 'string', 'integer', 'number']),
  description: z.string().optional(),
  default: z.unknown().optional(),
  example: z.unknown().optional(),
  enum: z.array(z.string()).optional(),
  format: z.string().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
  maxItems: z.number().optional(),
  required: z.array(z.string()).optional(),
  get properties() {
    return z.record(z.string(), nodeSchema).optional();
  },
  get items() {
    return nodeSchema.optional();
  },
  'x-kubernetes-list-type': z.enum(['map', 'atomic']).optional(),
  'x-kubernetes-validations': z
    .array(z.object({ rule: z.string(), message: z.string(), fieldPath: z.string().optional() }).loose())
    .optional(),
});
export type SchemaNode = z.output<typeof nodeSchema>;

/** The structural schema of the whole object. */
export function structuralSchema(): SchemaNode {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(eventSaleSchema, {
    io: 'input',
    target: 'openapi-3.0',
    unrepresentable: 'throw',
    override: ({ jsonSchema }) => {
      if (jsonSchema.type === 'integer') {
        // Bounds that only JavaScript has say nothing to a reader.
        if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
        if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
        jsonSchema.format = 'int64';
      }
    },
  });
  return nodeSchema.parse(schema);
}

export function customResourceDefinition(): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${apiGroup}`, labels: { 'app.kubernetes.io/part-of': 'evently' } },
    spec: {
      group: apiGroup,
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames: [shortName] },
      scope: 'Namespaced',
      versions: [
        {
          name: apiVersionName,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: columns,
          schema: { openAPIV3Schema: structuralSchema() },
        },
      ],
    },
  };
}

const maxLineCharacters = 110;

/** `k8s/operator/crd.yaml`. */
export function crdYaml(): string {
  const made = '# Made by `make crd` from operator/src/api/event-sale.ts. Change it there.\n';
  // YAML 1.1 is what kubectl and most tools read: there, a bare time is no string.
  const options = { version: '1.1', lineWidth: maxLineCharacters, singleQuote: true } as const;
  return made + stringify(customResourceDefinition(), options);
}
