/** What a folder of migrations must keep: numbers without gaps, a reason at the top of each. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Fault, TextFile } from './tree.ts';

const fileName = /^(\d{4})-[a-z0-9]+(?:-[a-z0-9]+)*\.sql$/;

/** `migrations` are the files of one folder, in order of their names. */
export function migrationFaults(migrations: readonly TextFile[]): Fault[] {
  return migrations.flatMap((file, index) => {
    const number = fileName.exec(path.posix.basename(file.path))?.[1];
    const expected = String(index + 1).padStart(4, '0');
    return [
      ...(number === undefined ? [`${file.path}: is not named 0001-for-its-purpose.sql`] : []),
      ...(number !== undefined && number !== expected
        ? [`${file.path}: number ${expected} was expected here`]
        : []),
      ...(/^-- [A-Z`].{20,}/.test(file.text)
        ? []
        : [`${file.path}: does not open with a comment that says why`]),
      ...(/^-- Down Migration/im.test(file.text)
        ? [`${file.path}: goes back: migrations only go forward`]
        : []),
    ];
  });
}

const fingerprintDigits = 16;

/** A database that has applied a migration never sees a later edit of it: what changes is a new file. */
export function sealFaults(
  migrations: readonly TextFile[],
  sealed: Readonly<Record<string, string>>,
): Fault[] {
  const present = new Set(migrations.map((file) => file.path));
  const gone = Object.keys(sealed).filter((at) => !present.has(at));
  return [
    ...gone.map((at) => `${at}: was removed or renamed, but databases have applied it`),
    ...migrations.flatMap((file) => {
      const fingerprint = createHash('sha256').update(file.text).digest('hex').slice(0, fingerprintDigits);
      const before = sealed[file.path];
      if (before === fingerprint) return [];
      if (before === undefined)
        return [`${file.path}: is new; add '${file.path}': '${fingerprint}' to sealed-migrations.ts`];
      return [`${file.path}: was edited, but databases have applied it; write a new migration instead`];
    }),
  ];
}
