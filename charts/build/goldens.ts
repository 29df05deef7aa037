/** Goldens: what the umbrella renders for values and versions that people have, in a form that a reviewer can read. */
import { createHash } from 'node:crypto';
import { Document, isCollection, isPair, isScalar, visit } from 'yaml';
import { objectsOf, render, type ChartCopy } from './render.ts';

/** Values files by the golden's name. */
export const goldenValues = {
  default: [],
  kind: ['values-kind.yaml'],
  production: ['values-production.yaml'],
} as const;
export const goldenFolder = 'evently/goldens';
const kubeVersions = ['1.36', '1.35', '1.34'] as const;

const longText = 300;
const shortCollection = 3;

/** Paths below `charts/`, and what must stand there: one for each combination of values and version. */
export async function goldens(copy: ChartCopy): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [name, values] of Object.entries(goldenValues)) {
    let newest: readonly string[] = [];
    for (const version of kubeVersions) {
      const text = await render(copy, { values, kubeVersion: `${version}.0` });
      const documents = objectsOf(text).filter(isNoDefinition).map(readable).toSorted();
      const title = `# values: ${name}; Kubernetes ${version}. Made by \`make charts\`.\n`;
      if (version === kubeVersions[0]) newest = documents;
      const file = `${goldenFolder}/${name}-${version}.yaml`;
      found[file] =
        `${title}${(version === kubeVersions[0] ? documents : otherThan(newest, documents)).join('')}`;
    }
  }
  return found;
}

/** Of an older version only what differs is kept: mostly nothing. */
function otherThan(newest: readonly string[], documents: readonly string[]): string[] {
  const known = new Set(newest);
  const now = new Set(documents);
  const other = documents.filter((document) => !known.has(document));
  const gone = newest
    .filter((document) => !now.has(document))
    .map((document) => document.split('\n', 2)[1] ?? '');
  return [
    `# The same as for ${kubeVersions[0]}${other.length + gone.length === 0 ? '' : ', but for these'}.\n`,
    ...gone.map((opening) => `# gone or different: ${opening}\n`),
    ...other,
  ];
}

/** The kind EventSale is long, generated, and compared with its source elsewhere. */
function isNoDefinition(object: unknown): boolean {
  return !JSON.stringify(object).startsWith('{"apiVersion":"apiextensions.k8s.io/');
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** One document: short collections on one line, generated secrets and long texts by their size, rules by their digest. */
function readable(object: unknown): string {
  const document = new Document(object);
  const isSecret = document.get('kind') === 'Secret';
  const kind = String(document.get('kind'));
  // A copy of a file that stands elsewhere, and is read there.
  if (kind === 'PrometheusRule') document.set('spec', `(${digestOf(JSON.stringify(document.get('spec')))})`);
  const name = String(document.getIn(['metadata', 'name']));
  visit(document, {
    Pair(_, pair, ancestors) {
      const holder = ancestors.findLast((node) => isPair(node));
      const isKept = isSecret && isPair(holder) && isScalar(holder.key) && holder.key.value === 'data';
      if (isKept && isScalar(pair.value)) pair.value.value = '(kept or random)';
    },
    Scalar(_, scalar) {
      if (typeof scalar.value === 'string' && scalar.value.length > longText) {
        scalar.value = `(${scalar.value.length} characters, ${digestOf(scalar.value)})`;
      }
    },
    Collection(_, collection, ancestors) {
      const isFlat = collection.items.every((item) => !isCollection(isPair(item) ? item.value : item));
      const holder = ancestors.at(-1);
      const isLabels = isPair(holder) && isScalar(holder.key) && holder.key.value === 'labels';
      if (isFlat && (isLabels || collection.items.length <= shortCollection)) collection.flow = true;
    },
  });
  return `---\n# ${kind} ${name}\n${document.toString({ lineWidth: 0, singleQuote: true })}`;
}
