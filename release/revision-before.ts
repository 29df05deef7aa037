/** Which of Helm's revisions was the release before: Helm's own choice is the last one, though it may have failed. */
import { text } from 'node:stream/consumers';
import { z } from 'zod';

const historySchema = z.array(
  z.looseObject({ revision: z.int(), status: z.string(), description: z.string().default('') }),
);
export type History = z.output<typeof historySchema>;

/**
 * The newest revision that was running before the present one and is another release; null when there is none. A
 * revision that Helm made by going back is the release that it went back to.
 */
export function revisionBefore(history: History): number | null {
  const sorted = history.toSorted((a, b) => b.revision - a.revision);
  const present = sorted.find(({ status }) => status === 'deployed');
  if (present === undefined) return null;
  const before = sorted.filter(
    ({ revision, status }) => revision < present.revision && status === 'superseded',
  );
  const own = releaseOf(history, present.revision);
  return before.find(({ revision }) => releaseOf(history, revision) !== own)?.revision ?? null;
}

function releaseOf(history: History, revision: number): number {
  const description = history.find((one) => one.revision === revision)?.description ?? '';
  const target = Number(/^Rollback to (\d+)/i.exec(description)?.[1] ?? revision);
  return target < revision ? releaseOf(history, target) : revision;
}

if (import.meta.main) {
  const before = revisionBefore(historySchema.parse(JSON.parse(await text(process.stdin))));
  if (before === null) {
    process.stderr.write('There is no release before the present one to go back to.\n');
    process.exitCode = 1;
  } else process.stdout.write(`${before}\n`);
}
