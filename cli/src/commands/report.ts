/** `evently report`: writes the sale report of any event, from what the database and the metrics still know. */
import { systemClock } from '@evently/kit/clock';
import { Command } from 'commander';
import { z } from 'zod';
import { CommandError } from '../command-error.ts';
import { dataFolder, readRuntime, type Runtime } from '../runtime.ts';
import { isDatabaseUnavailable } from '@evently/kit/postgres';
import { metricsUrl, readMetrics } from '../sale-report/read-metrics.ts';
import { openBookingDatabase } from './find-databases.ts';
import { parseOptions } from './platform-options.ts';

const optionsSchema = z.object({
  event: z.uuid('must be the id of an event'),
  report: z.string().min(1).optional(),
  metrics: z.array(z.url('must be an address such as http://10.0.0.7:9464/metrics')).optional(),
  json: z.boolean().optional(),
});
type Options = z.output<typeof optionsSchema>;

const examples = `
It reads the database of the running standalone platform, or the one named by BOOKING_DATABASE_URL, and writes nothing
there. What was not kept is said in the report: who was refused, and so its fairness, only a drill can tell.

Examples:
  npx evently report --event 0197f3c2-5b1e-7c44-9d0a-3f6f5f1f2a10
  npx evently report --event 0197f3c2-5b1e-7c44-9d0a-3f6f5f1f2a10 --report ./reports --json`;

export function reportCommand(): Command {
  return new Command('report')
    .description('the sale report of an event that is being sold or was: books, timeline, batches, conflicts')
    .requiredOption('--event <id>', 'the event')
    .option(
      '--report <folder>',
      "where it goes (default: the running platform's own, shown at /console/reports/)",
    )
    .option('--metrics <urls...>', 'metrics of booking processes (default: of the running standalone)')
    .option('--json', 'print the report as JSON beside writing it')
    .addHelpText('after', examples)
    .action(async (given: unknown) => {
      await report(parseOptions(optionsSchema, given));
    });
}

async function report(options: Options): Promise<void> {
  const runtime = await readRuntime(dataFolder(process.env));
  // Loaded when asked for, so that the other commands start without it.
  const { reportPlace, writeReport } = await import('../sale-report/write-report.ts');
  const place = reportPlace(options.report, runtime);
  if (place === null) {
    throw new CommandError(
      `No platform has been started in ${dataFolder(process.env)}. Start it with "make start", or name a folder with --report and the database with BOOKING_DATABASE_URL.`,
    );
  }
  const story = await tell(options, runtime);
  const written = await writeReport(place, story);
  if (options.json === true) console.log(JSON.stringify({ ...story, files: written }, null, 2));
  else {
    console.log(`Sale report: ${written.html}`);
    if (written.address !== null) console.log(`Look at it:  ${written.address}`);
  }
}

async function tell(options: Options, runtime: Runtime | null) {
  const { tellAfterwards } = await import('../sale-report/afterwards.ts');
  const db = openBookingDatabase(runtime);
  if (db === null)
    throw new CommandError('There is no database to read: set BOOKING_DATABASE_URL, or run "make start".');
  const urls = options.metrics ?? (runtime === null ? [] : [metricsUrl(runtime)]);
  try {
    const samples = await readMetrics(urls, (sentence) => console.error(sentence));
    return await tellAfterwards(db, options.event, systemClock.now(), samples);
  } catch (error) {
    if (!isDatabaseUnavailable(error)) throw error;
    throw new CommandError(
      `The database cannot be read (${error instanceof Error ? error.message : String(error)}). Is the platform running?`,
    );
  } finally {
    await db.close();
  }
}
