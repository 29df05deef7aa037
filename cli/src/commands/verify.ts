/** `evently verify`: evaluates every invariant that has rows behind it, and names the rows that break one. */
import { Command } from 'commander';
import { z } from 'zod';
import { CommandError } from '../command-error.ts';
import { dataFolder, readRuntime } from '../runtime.ts';
import { formatMs, renderTable, tint } from '../screen/table.ts';
import { parseOptions } from './platform-options.ts';

const optionsSchema = z.object({ json: z.boolean().optional() });

const examples = `
It reads the databases of the running standalone platform, or those named by BOOKING_DATABASE_URL and
PAYMENT_DATABASE_URL, as the pods of a cluster have them; POSTGRES_CA_FILE names the authority of their
certificates. It writes nothing. Exit status: 0 when every invariant holds, 1 otherwise.

Examples:
  npx evently verify
  BOOKING_DATABASE_URL=postgres://... PAYMENT_DATABASE_URL=postgres://... npx evently verify --json`;

export function verifyCommand(): Command {
  return new Command('verify')
    .description('whether the books balance: every invariant, with the rows that break one')
    .option('--json', 'print JSON instead of the table')
    .addHelpText('after', examples)
    .action(async (given: unknown) => {
      const options = parseOptions(optionsSchema, given);
      // Loaded when asked for, so that the other commands start without the services.
      const { verifyPlatform } = await import('../verify/verify-platform.ts');
      const { findings, durationMs } = await verifyPlatform(await findDatabases());
      const broken = findings.filter(({ violations }) => violations.count > 0);
      if (options.json === true)
        console.log(JSON.stringify({ ok: broken.length === 0, duration_ms: durationMs, findings }, null, 2));
      else printFindings(findings, durationMs);
      process.exitCode = broken.length === 0 ? 0 : 1;
    });
}

async function findDatabases(): Promise<{ booking: string; payment: string; caFile: string | undefined }> {
  const runtime = await readRuntime(dataFolder(process.env));
  const named = process.env['POSTGRES_CA_FILE'] ?? '';
  const caFile = named === '' ? undefined : named;
  const booking = process.env['BOOKING_DATABASE_URL'] ?? runtime?.databases.booking;
  const payment = process.env['PAYMENT_DATABASE_URL'] ?? runtime?.databases.payment;
  if (booking !== undefined && payment !== undefined) return { booking, payment, caFile };
  throw new CommandError(
    `No platform has been started in ${dataFolder(process.env)}. Start it with "make start", or set BOOKING_DATABASE_URL and PAYMENT_DATABASE_URL.`,
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
