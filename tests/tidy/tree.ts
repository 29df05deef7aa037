/** The project as text: every file that a person wrote, read once for all tidy tests. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export type TextFile = { path: string; text: string };
/** A sentence per fault: the path first, then what is wrong and what to do. */
export type Fault = string;

export const root = fileURLToPath(new URL('../..', import.meta.url));

const skippedFolders = new Set([
  'node_modules',
  '.git',
  '.evently',
  '.cache',
  '.engines',
  'coverage',
  'local',
]);
const textEndings = ['.ts', '.js', '.json', '.md', '.sql', '.sh', '.yml', '.yaml', '.html', '.css'];
const textNames = new Set(['Makefile', '.npmrc', '.gitignore', '.editorconfig', '.prettierignore', 'run']);
const maxFiles = 5_000;

/** Paths of all text files below the root, relative to it, in order. */
export function listFiles(): string[] {
  const found: string[] = [];
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of readdirSync(path.join(root, folder), { withFileTypes: true })) {
      const at = path.posix.join(folder, entry.name);
      if (entry.isDirectory() && !skippedFolders.has(entry.name)) folders.push(at);
      if (entry.isFile() && isText(entry.name)) found.push(at);
    }
    if (found.length > maxFiles)
      throw new Error(`more than ${maxFiles} text files: is a build folder among them?`);
  }
  return found.toSorted();
}

function isText(name: string): boolean {
  return textNames.has(name) || textEndings.some((ending) => name.endsWith(ending));
}

export function readText(at: string): TextFile {
  return { path: at, text: readFileSync(path.join(root, at), 'utf8') };
}

export const files: readonly TextFile[] = listFiles().map(readText);

/** Files that match `pattern`; an empty answer is a mistake in the pattern. */
export function filesLike(pattern: RegExp): TextFile[] {
  const found = files.filter((file) => pattern.test(file.path));
  if (found.length === 0) throw new Error(`no file matches ${String(pattern)}`);
  return found;
}

/** A test, or what only tests use. */
export function isTest(file: TextFile): boolean {
  return /\.test\.ts$|\/test\//.test(file.path);
}

const commentsAndStrings =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;

/** The source without what its comments and strings say; lines stay where they are. */
export function codeOnly(text: string): string {
  return text.replace(commentsAndStrings, (found) => found.replace(/[^\n]/g, ' '));
}

/** The one-based line of `index` in `text`. */
export function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** One fault for each place of `file` that `pattern` finds in `text` (by default the file's own). */
export function faultsAt(file: TextFile, pattern: RegExp, says: string, text: string = file.text): Fault[] {
  return Array.from(text.matchAll(pattern), (match) => {
    const found = match[0].trim().split('\n')[0] ?? '';
    return `${file.path}:${lineOf(text, match.index)}: "${found}" ${says}`;
  });
}
