/** What each source file must be: its opening sentence, its size, its names, what it may not say. */
import { codeOnly, faultsAt, isTest, type Fault, type TextFile } from './tree.ts';

export const maxFileLines = 400;
export const p90FileLines = 300;
export const medianFileLines = 120;

const openingComment = /^(?:#![^\n]*\n)?\/\*\*([\s\S]*?)\*\//;
const maxOpeningCharacters = 600;

/** A file opens with a sentence that says what it is for. */
export function openingFaults(file: TextFile): Fault[] {
  const says = openingComment
    .exec(file.text)?.[1]
    ?.replaceAll(/\s*\n \*\s?/g, ' ')
    .trim();
  if (says === undefined) return [`${file.path}: opens without a /** sentence that says what it is for */`];
  if (!/^[A-Z`].*[.)]$/s.test(says)) return [`${file.path}: its first comment is not a sentence: "${says}"`];
  return says.length > maxOpeningCharacters
    ? [`${file.path}: its first comment is longer than a few lines`]
    : [];
}

export function countLines(file: TextFile): number {
  return file.text.trimEnd().split('\n').length;
}

/** The value that `share` of the sorted numbers do not exceed; 0 for none. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

export function sizeFaults(sources: readonly TextFile[]): Fault[] {
  const sizes = sources.map(countLines);
  const tooLong = sources
    .filter((file) => countLines(file) > maxFileLines)
    .map((file) => `${file.path}: ${countLines(file)} lines, at most ${maxFileLines}`);
  const median = quantile(sizes, 0.5);
  const p90 = quantile(sizes, 0.9);
  return [
    ...tooLong,
    ...(median > medianFileLines ? [`the median file has ${median} lines, at most ${medianFileLines}`] : []),
    ...(p90 > p90FileLines ? [`one file in ten has more than ${p90} lines, at most ${p90FileLines}`] : []),
  ];
}

/** What Node's type stripping refuses, and what hides where a name comes from. */
export function shapeFaults(file: TextFile): Fault[] {
  const code = codeOnly(file.text);
  return [
    ...(/(^|\/)index\.ts$/.test(file.path)
      ? [`${file.path}: name the file for what it does, not index.ts`]
      : []),
    ...faultsAt(file, /^export \*.*/gm, 'hides what a file offers: export by name', code),
    ...faultsAt(
      file,
      /^\s*(export )?(const |declare )?enum \w+/gm,
      'is an enum: use a union of string literals',
      code,
    ),
    ...faultsAt(
      file,
      /^\s*(export )?(declare )?(namespace|module) \w+/gm,
      'is a namespace: use a file',
      code,
    ),
  ];
}

// `placeholder=` is an attribute of HTML.
const unfinishedWords = /\b(?:TODO|FIXME|HACK|for now|not implemented|stub(?:bed|s)?|placeholders?(?!=))\b/gi;

/** Nothing in the tree speaks of work that is not done. */
export function unfinishedFaults(file: TextFile): Fault[] {
  return faultsAt(file, unfinishedWords, 'speaks of unfinished work: finish it or leave it out');
}

const narrowedTests =
  /\b(?:describe|test|it|suite)(?:\.\w+)*\.(?:only|skip|todo|fails)\b|\b[xf](?:it|test|describe)\(/g;

export function narrowedTestFaults(file: TextFile): Fault[] {
  return faultsAt(file, narrowedTests, 'switches tests off or narrows the run', codeOnly(file.text));
}

const escapes = /@ts-(?:ignore|nocheck|expect-error)|(?:ox|es)lint-disable/g;

/** No comment takes a file out of what the compiler or the linter keeps. */
export function escapeFaults(file: TextFile): Fault[] {
  return faultsAt(file, escapes, 'escapes the checks: repair the code or change the rule for all');
}

// A person's or a machine's folders, and the address of a package registry.
const machinePaths = new RegExp(
  `/(?:${['home', 'Users', 'root', 'work'].join('|')})/\\w+|[\\w.-]*registry\\.[\\w-]+\\.\\w+`,
  'g',
);

export function machineFaults(file: TextFile): Fault[] {
  return faultsAt(file, machinePaths, 'names something that only one machine has');
}

const bannedParts = ['manager', 'helper', 'util'];
// Kubernetes' word for whoever owns fields of an object.
const theirWords = /field_?managers?/gi;
const declarations = /\b(?:const|let|function|class|type|interface)\s+([A-Za-z_]\w*)/g;

/** Names that say nothing, by the glossary; files and declarations alike. */
export function nameFaults(file: TextFile): Fault[] {
  const inPath = bannedParts.filter((word) => new RegExp(`(^|[/-])${word}s?([-./]|$)`).test(file.path));
  const named = [...codeOnly(file.text).matchAll(declarations)].map((match) => match[1] ?? '');
  return [
    ...inPath.map((word) => `${file.path}: the path says "${word}": say what it does`),
    ...named
      .filter(isEmptyName)
      .map((name) => `${file.path}: the name "${name}" says nothing (docs/glossary.md)`),
  ];
}

function isEmptyName(name: string): boolean {
  const words = name
    .replaceAll(theirWords, 'owner')
    .split(/(?=[A-Z])|_/)
    .map((word) => word.toLowerCase());
  const last = words.at(-1);
  return (
    words.some((word) => bannedParts.some((part) => word === part || word === `${part}s`)) ||
    last === 'data' ||
    last === 'info'
  );
}

const timeAdapters = /^(tests\/|packages\/kit\/src\/(clock|log)\.ts|cli\/|bench\/)/;

/** Time comes in as a value: `new Date()` reads the clock, and no lint rule can say so. */
export function clockFaults(file: TextFile): Fault[] {
  if (timeAdapters.test(file.path) || isTest(file)) return [];
  return faultsAt(file, /\bnew Date\(\)|\bDate\(\)/g, 'reads the clock: take a Clock', codeOnly(file.text));
}

const statement = /[`']\s*(?:select\s|insert into\s|update \w+\s+set\s|delete from\s|with \w+ as\s)/gi;
const upperCase = /[`']\s*(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\s/g;

/** SQL stands in `store`, in lower case, with its columns listed. */
export function sqlFaults(file: TextFile): Fault[] {
  const outside = /^services\/[^/]+\/src\/(?!store\/)/.test(file.path) && !isTest(file);
  return [
    ...(outside ? faultsAt(file, statement, 'is SQL outside store/') : []),
    ...faultsAt(file, upperCase, 'is SQL in capitals'),
    ...[...file.text.matchAll(/\bselect \*(?: from (\w+))?/g)]
      // The rows of a part of the same statement, which lists its columns.
      .filter((match) => match[1] === undefined || !file.text.includes(`${match[1]} as (`))
      .map((match) => `${file.path}: "${match[0]}" selects columns it does not name`),
  ];
}

/** Where the exact time decides about rows that were found by their key. */
const exactTimes: readonly string[] = [
  'packages/identity/src/store/refresh-families.ts',
  'packages/kit/src/outbox.ts',
  'services/booking/src/store/armed-sales.ts',
  'services/booking/src/store/boards.ts',
  'services/booking/src/store/paying.ts',
  'services/booking/src/store/waitlist.ts',
  'services/payment/src/store/fake-provider.ts',
];
const comparedWithNow = /[<>]=?\s*clock_timestamp\(\)|clock_timestamp\(\)\s*[<>]/g;

/** What is due is found by its index: PostgreSQL evaluates a volatile bound for each row of it. */
export function dueFaults(file: TextFile): Fault[] {
  if (isTest(file) || exactTimes.includes(file.path)) return [];
  return faultsAt(
    file,
    comparedWithNow,
    'is no bound of an index, because it is volatile: take statement_timestamp(), or list the file in tests/tidy/source-rules.ts',
  );
}

const allowedSchemas = /^services\/[^/]+\/src\/(http\/|jobs\/|provider\/|engine\/|config\.ts$)/;

/** Edges parse, insides trust: schemas stand in http, jobs, config and the adapters of a provider or an engine. */
export function schemaFaults(file: TextFile): Fault[] {
  if (!/^services\/[^/]+\/src\//.test(file.path) || allowedSchemas.test(file.path) || isTest(file)) return [];
  return faultsAt(
    file,
    /^import (?!type ).*from '(zod|@hono\/zod-openapi)'/gm,
    'makes a schema inside: parse at the edge',
  );
}
