/** Label selectors as text, the way a `/scale` subresource names its pods: parsed once, matched in memory. */

export type LabelSelector = { text: string; matches: (labels: Readonly<Record<string, string>>) => boolean };

type Requirement = (labels: Readonly<Record<string, string>>) => boolean;

const keyPattern = String.raw`[A-Za-z0-9]([A-Za-z0-9./_-]*[A-Za-z0-9])?`;
const valuePattern = String.raw`([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?`;
const equality = new RegExp(`^(?<key>${keyPattern})\\s*(?<not>!)?={1,2}\\s*(?<value>${valuePattern})$`);
const setBased = new RegExp(`^(?<key>${keyPattern})\\s+(?<not>not)?in\\s*\\((?<values>[^()]*)\\)$`);
const existence = new RegExp(`^(?<not>!)?\\s*(?<key>${keyPattern})$`);
// Commas inside parentheses separate values, those outside separate requirements.
const outerComma = /,(?![^(]*\))/;

/**
 * The whole grammar of the Kubernetes documentation (equality-based and set-based); null for what is none, and for
 * an empty text, which would match every pod of the namespace.
 */
export function parseLabelSelector(text: string): LabelSelector | null {
  const requirements = text.split(outerComma).map((part) => requirementOf(part.trim()));
  const known = requirements.filter((requirement) => requirement !== null);
  if (known.length < requirements.length) return null;
  return { text, matches: (labels) => known.every((requirement) => requirement(labels)) };
}

function requirementOf(part: string): Requirement | null {
  const equal = equality.exec(part)?.groups;
  if (equal !== undefined) {
    const { key = '', value = '' } = equal;
    return equal['not'] === undefined ? (labels) => labels[key] === value : (labels) => labels[key] !== value;
  }
  const set = setBased.exec(part)?.groups;
  if (set !== undefined) {
    const { key = '', values = '' } = set;
    const listed = new Set(values.split(',').map((value) => value.trim()));
    const isListed: Requirement = (labels) => Object.hasOwn(labels, key) && listed.has(labels[key] ?? '');
    return set['not'] === undefined ? isListed : (labels) => !isListed(labels);
  }
  const exists = existence.exec(part)?.groups;
  if (exists === undefined) return null;
  const { key = '' } = exists;
  return exists['not'] === undefined
    ? (labels) => Object.hasOwn(labels, key)
    : (labels) => !Object.hasOwn(labels, key);
}
