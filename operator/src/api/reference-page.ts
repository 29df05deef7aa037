/** The page that explains every field, condition and annotation of an EventSale, from the schema. */
import { stringify } from 'yaml';
import { conditionMeanings, conditionReasons, type ReasonWords } from './conditions.ts';
import { columns, structuralSchema, type SchemaNode } from './crd.ts';
import { annotationWords, apiVersion, finalizer, kind, plural, shortName } from './names.ts';

type Field = { path: string; node: SchemaNode; isRequired: boolean; rules: readonly string[] };
type PlacedRule = { at: string; message: string };

export function referencePage(): string {
  const schema = structuralSchema();
  const spec = fieldsBelow(schema, '').filter(({ path }) => path.startsWith('spec.'));
  const status = fieldsBelow(schema, '').filter(({ path }) => path.startsWith('status.'));
  return [
    '<!-- Made by `make crd` from operator/src/api. Change it there. -->',
    `# ${kind}`,
    `\`${apiVersion}\`, namespaced; \`kubectl get ${plural}\` or \`kubectl get ${shortName}\`. ${schema.description ?? ''}`,
    'The API server checks what is written here when an object is applied and refuses what breaks a rule, with the sentence of the rule; fields that are left out get their default there. Whether an opening lies in the future, whether the event exists and whether the time zone is a real one is seen by the operator, which says so in the status. Examples to start from are in [k8s/samples](../../k8s/samples).',
    smallest(),
    '## Spec',
    overview(spec),
    ...wholeRules(schema),
    ...spec.map(section),
    '## Status',
    'What was seen, written by the operator only. A field that is not known is absent. Numbers that change fast are metrics instead.',
    statusTable(status),
    '## Conditions',
    'kstatus reads them as it should: a sale weeks ahead is Ready from its first status on, so `kubectl wait --for=condition=Ready`, Flux and Argo CD do not hang on it. Each message ends with what to do next.',
    ...Object.entries(conditionReasons).map(([type, reasons]) => conditionSection(type, reasons)),
    '## Annotations and the finalizer',
    'On the HorizontalPodAutoscaler that `spec.target` names, usually set by the chart of booking:',
    table(
      ['Annotation', 'Example', 'What it says'],
      annotationWords.map(({ name, example, about }) => [code(name), code(`"${example}"`), about]),
    ),
    `The finalizer \`${finalizer}\` keeps a deleted EventSale until booking was told to close the sale, for five minutes at most; an Event then says what was left.`,
    '## Reading `kubectl get`',
    getExample(),
    table(
      ['Column', 'Shown', 'From', 'What it says'],
      columns.map(({ name, jsonPath, description, priority }) => [
        name,
        priority === 1 ? 'with `-o wide`' : 'always',
        code(jsonPath),
        description,
      ]),
    ),
  ]
    .join('\n\n')
    .concat('\n');
}

const exampleEvent = '0197f3c2-5b1e-7c44-9d0a-3f6f5f1f2a10';

function smallest(): string {
  const object = {
    apiVersion,
    kind,
    metadata: { name: 'autumn-tour', namespace: 'evently' },
    spec: {
      eventID: exampleEvent,
      opensAt: '2026-11-20T19:00:00+01:00',
      demand: { peakReservationsPerSecond: 8000 },
    },
  };
  return ['The smallest one:', '', '```yaml', stringify(object, { version: '1.1' }).trimEnd(), '```'].join(
    '\n',
  );
}

/** Fields in the order of the schema, objects before their members; a rule stands with the field that it refuses. */
function fieldsBelow(node: SchemaNode, path: string, above: readonly PlacedRule[] = []): Field[] {
  const members = node.type === 'array' ? node.items : node;
  const prefix = node.type === 'array' ? `${path}[]` : path;
  const placed = [...above, ...placedRules(members, prefix)];
  return Object.entries(members?.properties ?? {}).flatMap(([name, member]) => {
    const at = prefix === '' ? name : `${prefix}.${name}`;
    const isRequired = members?.required?.includes(name) ?? false;
    const rules = [...placed, ...placedRules(member, at)].filter((rule) => rule.at === at);
    return [
      { path: at, node: member, isRequired, rules: rules.map(({ message }) => message) },
      ...fieldsBelow(member, at, placed),
    ];
  });
}

function placedRules(node: SchemaNode | undefined, path: string): PlacedRule[] {
  return (node?.['x-kubernetes-validations'] ?? []).map(({ message, fieldPath = '' }) => ({
    at: `${path}${fieldPath}`.replace(/^\./, ''),
    message,
  }));
}

function overview(fields: readonly Field[]): string {
  return table(
    ['Field', 'Type', 'Default'],
    fields.map(({ path, node, isRequired }) => [
      `[${code(path)}](#${path.toLowerCase().replaceAll(/[^a-z0-9_-]/g, '')})`,
      typeWords(node),
      defaultWords(node, isRequired),
    ]),
  );
}

function section({ path, node, isRequired, rules }: Field): string {
  const facts = [
    `- Type: ${typeWords(node)}`,
    `- Default: ${defaultWords(node, isRequired)}`,
    ...boundWords(node).map((bound) => `- Rule: ${bound}`),
    ...rules.map((message) => `- Rule: ${message}.`),
    `- Example: ${shown(exampleOf(node))}`,
  ];
  return [`### \`${path}\``, '', node.description ?? '', '', ...facts].join('\n');
}

/** Rules that look at several fields and name none of them. */
function wholeRules(schema: SchemaNode): string[] {
  const messages = [schema, schema.properties?.['spec']]
    .flatMap((node) => node?.['x-kubernetes-validations'] ?? [])
    .filter(({ fieldPath }) => fieldPath === undefined)
    .map(({ message }) => `- Rule: ${message}.`);
  return messages.length === 0 ? [] : ['Of the whole object:', messages.join('\n')];
}

function typeWords(node: SchemaNode): string {
  if (node.enum) return node.enum.map(code).join(', ');
  if (node.type === 'array') return `list of ${node.items?.type ?? 'object'}s`;
  if (node.format === 'date-time') return 'time (RFC 3339)';
  return node.type === 'integer' ? 'whole number' : node.type;
}

function defaultWords(node: SchemaNode, isRequired: boolean): string {
  if (isRequired) return 'none (required)';
  if (node.default === undefined) return 'none';
  if (node.type === 'object') return 'the defaults of its fields';
  return Array.isArray(node.default) ? node.default.map(flow).join(', ') : code(scalar(node.default));
}

function boundWords(node: SchemaNode): string[] {
  const { minimum, maximum, maxLength, maxItems } = node;
  return [
    ...(node.enum ? ['one of these words, written so.'] : []),
    ...(node.format === 'date-time' ? ['a time with its offset from UTC, `Z` or such as `+01:00`.'] : []),
    ...(minimum !== undefined && maximum !== undefined ? [`from ${minimum} to ${maximum}.`] : []),
    ...(minimum !== undefined && maximum === undefined ? [`${minimum} or more.`] : []),
    ...(maxLength === undefined ? [] : [`at most ${maxLength} characters.`]),
    ...(maxItems === undefined ? [] : [`at most ${maxItems} entries.`]),
    ...(node['x-kubernetes-list-type'] === 'map'
      ? [`each ${(node.items?.required ?? ['entry'])[0] ?? 'entry'} once.`]
      : []),
  ];
}

function statusTable(fields: readonly Field[]): string {
  return table(
    ['Field', 'Type', 'What it says', 'Example'],
    fields.map(({ path, node }) => [
      code(path),
      typeWords(node),
      [node.description ?? '', ...(node.maxItems === undefined ? [] : [`At most ${node.maxItems}.`])].join(
        ' ',
      ),
      shown(exampleOf(node)),
    ]),
  );
}

function conditionSection(type: string, reasons: Readonly<Record<string, ReasonWords>>): string {
  const meaning = Object.entries(conditionMeanings).find(([name]) => name === type)?.[1] ?? '';
  const rows = Object.entries(reasons).map(([reason, { status, means, next }]) => [
    code(reason),
    status,
    means,
    next,
  ]);
  return [
    `### ${type}`,
    '',
    `True: ${meaning}`,
    '',
    table(['Reason', 'Status', 'What holds', 'What to do'], rows),
  ].join('\n');
}

function getExample(): string {
  return [
    '```text',
    '$ kubectl get evs',
    'NAME          OPENS                       STAGE       READY   FLOOR   PODS   WARM      AGE',
    'autumn-tour   2026-11-20T19:00:00+01:00   Scheduled   True    2       2      NotYet    21d',
    'encore        2026-11-20T18:10:00Z        Armed       True    12      12     Warm      3d',
    'club-night    2026-11-20T18:05:00Z        Prewarming  True    12      7      Warming   3h',
    '```',
    '',
    'None of them needs anybody. The third is within its lead time and its pods are not there yet: `kubectl describe evs club-night` shows under CapacityReady what they wait for.',
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** What the schema gives, or what its members give together. */
function exampleOf(node: SchemaNode): unknown {
  if (node.example !== undefined) return node.example;
  if (node.items) return [exampleOf(node.items)];
  const members = Object.entries(node.properties ?? {}).map(([name, member]) => [name, exampleOf(member)]);
  return Object.fromEntries(members);
}

function shown(value: unknown): string {
  return typeof value === 'object' ? flow(value) : code(scalar(value));
}

function code(text: string): string {
  return `\`${text}\``;
}

function scalar(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** `{name: Inventory, policy: Required}` of an entry. */
function flow(value: unknown): string {
  return code(stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim().replaceAll(/\s+/g, ' '));
}
