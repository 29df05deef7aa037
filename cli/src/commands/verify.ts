/** `evently verify`: evaluates every invariant that has rows behind it, and names the rows that break one. */
import { Command } from 'commander';
import { z } from 'zod';
import type { EventBooks } from '../verify/verify-platform.ts';
import { formatCount, formatMs, renderTable, tint } from '../screen/table.ts';
import { findDatabases } from './find-databases.ts';
import { parseOptions } from './platform-options.ts';

const optionsSchema = z.object({
  json: z.boolean().optional(),
  event: z.uuid('must be the id of an event').optional(),
});

const examples = `
It reads the databases of the running standalone platform, or those named by BOOKING_DATABASE_URL and
PAYMENT_DATABASE_URL, as the pods of a cluster have them; POSTGRES_CA_FILE names the authority of their
certificates. It writes nothing. Exit status: 0 when every invariant holds, 1 otherwise.

Examples:
  npx evently verify
  npx evently verify --event 0197f3c2-5b1e-7c44-9d0a-3f6f5f1f2a10 --json
  BOOKING_DATABASE_URL=postgres://... PAYMENT_DATABASE_URL=postgres://... npx evently verify --json`;

export function verifyCommand(): Command {
  return new Command('verify')
    .description('whether the books balance: every invariant, with the rows that break one')
    .option('--json', 'print JSON instead of the table')
    .option('--event <id>', 'the books of one event beside: seats sold, held, available, oversold')
    .addHelpText('after', examples)
    .action(async (given: unknown) => {
      const options = parseOptions(optionsSchema, given);
      // Loaded when asked for, so that the other commands start without the services.
      const { verifyPlatform } = await import('../verify/verify-platform.ts');
      const { booksFrom } = await import('../sale-report/read-books.ts');
      const { findings, books, durationMs } = await verifyPlatform(await findDatabases(), options.event);
      const broken = findings.filter(({ violations }) => violations.count > 0);
      if (options.json === true) {
        const ofEvent =
          books === null ? {} : { books: { event_id: options.event, name: books.name, ...booksFrom(books) } };
        const verdict = { ok: broken.length === 0, duration_ms: durationMs, ...ofEvent, findings };
        console.log(JSON.stringify(verdict, null, 2));
      } else {
        if (books !== null) printBooks(books);
        printFindings(findings, durationMs);
      }
      process.exitCode = broken.length === 0 ? 0 : 1;
    });
}

function printBooks(books: EventBooks): void {
  const { name, capacity, sold, held, available, blocked, oversold } = books;
  const figures = { capacity, sold, held, available, blocked, oversold };
  console.log(
    renderTable(
      [name, ''],
      Object.entries(figures).map(([title, count]) => [title, formatCount(count)]),
      { alignRight: [1] },
    ),
  );
}

type Findings = readonly {
  invariant: string;
  about: string;
  violations: { count: number; rows: readonly string[] };
}[];

function printFindings(findings: Findings, durationMs: number): void {
  const rows = findings.map(({ invariant, about, violations }) => [
    invariant,
    about,
    violations.count === 0 ? tint('good', 'holds') : tint('bad', `${violations.count} broken`),
  ]);
  console.log(renderTable(['', 'What must hold', ''], rows, { widths: [8, 76, 14] }));
  for (const { invariant, violations } of findings) {
    for (const row of violations.rows) console.log(tint('bad', `${invariant}  ${row}`));
    const unnamed = violations.count - violations.rows.length;
    if (unnamed > 0) console.log(tint('bad', `${invariant}  and ${unnamed} more`));
  }
  const broken = findings.filter(({ violations }) => violations.count > 0).length;
  const verdict =
    broken === 0
      ? tint('good', `All ${findings.length} checks hold`)
      : tint('bad', `${broken} of ${findings.length} checks are broken`);
  console.log(`${verdict}, in ${formatMs(durationMs)}.`);
}
