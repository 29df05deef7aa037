/** What holds the house together: targets that exist, and one file that knows where we develop. */
import { faultsAt, type Fault, type TextFile } from './tree.ts';

/** Targets of a Makefile with their descriptions. */
export function targetsOf(makefile: string): Map<string, string> {
  return new Map(
    [...makefile.matchAll(/^([a-z][a-z-]*):[^=\n]*?(?:##\s*(.*))?$/gm)].map((match) => [
      match[1] ?? '',
      match[2] ?? '',
    ]),
  );
}

/** `make` words of a document that no target answers. */
export function targetFaults(document: TextFile, targets: ReadonlySet<string>): Fault[] {
  return [...document.text.matchAll(/(?:`|^|[>$] )(?:[A-Z_]+=\S* )*make ([a-z][a-z-]*)/gm)]
    .map((match) => match[1] ?? '')
    .filter((target) => !targets.has(target))
    .map((target) => `${document.path}: there is no "make ${target}"`);
}

const besideTheProject = /\.\.\/shared\b/g;

/** Only the run on a new machine knows what lies beside the project where it is developed. */
export function neighbourFaults(file: TextFile): Fault[] {
  return file.path === '.ci/run'
    ? []
    : faultsAt(file, besideTheProject, 'knows what lies beside the project: only .ci/run may');
}
