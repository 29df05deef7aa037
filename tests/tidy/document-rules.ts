/** What the documents must keep: links that lead somewhere, paths that exist, a page for each problem. */
import path from 'node:path';
import { lineOf, type Fault, type TextFile } from './tree.ts';

const link = /\[[^\]\n]*\]\(([^)\s]+)\)/g;

/** The anchor that GitHub gives a heading. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function anchorsOf(text: string): Set<string> {
  return new Set([...text.matchAll(/^#{1,6} (.+)$/gm)].map((match) => anchorOf(match[1] ?? '')));
}

/** Relative links of a document that lead to no file, or to no heading of it. */
export function linkFaults(
  document: TextFile,
  exists: (at: string) => boolean,
  read: (at: string) => string,
): Fault[] {
  return [...document.text.matchAll(link)].flatMap((match) => {
    const target = match[1] ?? '';
    if (/^[a-z]+:/.test(target)) return [];
    const [file = '', anchor] = target.split('#');
    const at = file === '' ? document.path : path.posix.join(path.posix.dirname(document.path), file);
    const where = `${document.path}:${lineOf(document.text, match.index)}`;
    if (!exists(at)) return [`${where}: ${target} leads to no file`];
    if (anchor === undefined || !at.endsWith('.md')) return [];
    return anchorsOf(read(at)).has(anchor) ? [] : [`${where}: ${target} leads to no heading`];
  });
}

const quotedPath = /`([\w@.-]+(?:\/[\w@.*-]+)*\/?)`/g;
const fileName = /\.(?:ts|md|sql|sh|json|js)$/;

/** Paths that a document names in backquotes; `*` stands for any one name. */
export function namedPaths(text: string): string[] {
  return [...text.matchAll(quotedPath)]
    .map((match) => match[1] ?? '')
    .filter((named) => (named.includes('/') && !named.startsWith('@')) || fileName.test(named));
}

export function pathFaults(document: TextFile, exists: (at: string) => boolean): Fault[] {
  return namedPaths(document.text)
    .filter((named) => !exists(named.replace(/\/$/, '')))
    .map((named) => `${document.path}: \`${named}\` does not exist`);
}

// A problem's code as the program writes it: a member, an argument after the status, or of a function
// that knows the status.
const codeForms = [
  /\bcode:\s*'([a-z][a-z0-9_]*)'/g,
  /\b(?:unavailable|conflict|gone)\(\s*'([a-z][a-z0-9_]*)'/g,
  /\(\s*[45]\d\d,\s*'([a-z][a-z0-9_]*)'/g,
];
// Zod's own code of an issue that a refinement adds.
const notProblems = new Set(['custom']);

export function problemCodes(text: string): string[] {
  const found = codeForms.flatMap((form) => [...text.matchAll(form)].map((match) => match[1] ?? ''));
  return found.filter((code) => !notProblems.has(code));
}

export function pageOf(code: string): string {
  return `docs/problems/${code.replaceAll('_', '-')}.md`;
}

/** What keeps a problem's page from being one: its code, its status, what to do, an example that fits. */
export function problemPageFaults(page: TextFile): Fault[] {
  const code = path.posix.basename(page.path, '.md').replaceAll('-', '_');
  const status = /^\*\*(\d{3})\.?\*\*/m.exec(page.text)?.[1];
  const example = /```json\n([\s\S]*?)```/.exec(page.text)?.[1] ?? '';
  const has = (member: string, value: string): boolean =>
    new RegExp(`"${member}": "?${value}"?[,\\n]`).test(example);
  return [
    ...(page.text.startsWith(`# ${code}\n`) ? [] : [`${page.path}: does not open with "# ${code}"`]),
    ...(status === undefined ? [`${page.path}: does not say its status as **409.**`] : []),
    ...(page.text.includes('What to do') ? [] : [`${page.path}: does not say what to do`]),
    ...(isJson(example) ? [] : [`${page.path}: has no JSON example`]),
    ...(has('code', code) && has('type', pageOf(code).replace(/^(.*)\.md$/, '/$1'))
      ? []
      : [`${page.path}: its example has another code or type`]),
    ...(has('status', status ?? '') ? [] : [`${page.path}: its example has another status`]),
    ...(has('error', '.+') && has('instance', '.+')
      ? []
      : [`${page.path}: its example lacks error or instance`]),
  ];
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false; // Not JSON: the caller says so.
  }
}

/** Numbers of invariants in the `invariant:` members of `text`. */
export function checkedInvariants(text: string): string[] {
  return [...text.matchAll(/\binvariant: '([^']+)'/g)].flatMap((match) => match[1]?.match(/\bI\d+\b/g) ?? []);
}

/** Rows of the table of invariants: number, and whether it says that `evently verify` looks at it. */
export function listedInvariants(text: string): Map<string, boolean> {
  return new Map(
    [...text.matchAll(/^\| (I\d+) +\|.*\| *(yes)? *\|$/gm)].map((match) => [
      match[1] ?? '',
      match[2] === 'yes',
    ]),
  );
}
