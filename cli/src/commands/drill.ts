/** `evently drill`: lets herds of buyers at a platform and says whether the house filled. */
import { systemClock } from '@evently/kit/clock';
import { Command } from 'commander';
import { z } from 'zod';
import { logInAdmin } from '../api/accounts.ts';
import { createClient } from '../api/client.ts';
import { CommandError } from '../command-error.ts';
import { issueTokens, signInBuyers, type Herd } from '../drill/buyers.ts';
import { findDrill, standardDrills, type DrillSpec } from '../drill/herds.ts';
import {
  concludeDrills,
  drillsAsJson,
  renderDrills,
  type ReportedDrill,
  type SkippedDrill,
} from '../drill/report.ts';
import { runDrill, type DrillDeps } from '../drill/run-drill.ts';
import { metricsUrlsOf, readClocks, writeDrillReport, type ReportPlan } from '../drill/write-drill-report.ts';
import { serviceUrl, type Runtime } from '../runtime.ts';
import { reportPlace } from '../sale-report/write-report.ts';
import { createProgress, type Progress } from '../screen/progress.ts';
import { formatCount } from '../screen/table.ts';
import {
  addAdminOptions,
  addUrlOption,
  adminPassword,
  findPlatform,
  parseOptions,
  wholeNumber,
} from './platform-options.ts';

const optionsSchema = z.object({
  url: z.string().optional(),
  only: z.array(z.string()).optional(),
  event: z.uuid('must be the id of an event').optional(),
  at: z.iso.datetime({ offset: true, error: 'must be an instant such as 2026-11-20T19:00:00Z' }).optional(),
  rate: wholeNumber(1, 100_000).optional(),
  deadline: wholeNumber(100, 600_000),
  check: z.boolean().optional(),
  json: z.boolean().optional(),
  adminEmail: z.string(),
  adminPassword: z.string().optional(),
  report: z.string().min(1).optional(),
  metrics: z.array(z.url('must be an address such as http://10.0.0.7:9464/metrics')).optional(),
  userUrl: z.string().optional(),
  apiKey: z.string().optional(),
});
type Options = z.output<typeof optionsSchema>;

const longestWaitMs = 86_400_000;

const examples = `
Examples:
  npx evently drill                                  all four drills on this machine's platform
  npx evently drill --only 300x299 --check           one drill, each winner's booking read back
  npx evently drill --only 2000x500 --rate 10000     buyers x seats of your own, arrivals per second
  npx evently drill --url https://tickets.example --admin-email me@tickets.example --json
  npx evently drill --only 2000x1500 --event 0197f3c2-5b1e-7c44-9d0a-3f6f5f1f2a10 --at 2026-11-20T19:00:00Z
                                                     at the opening of a sale that exists

Exit status: 0 when every drill that ran passed; 1 otherwise, and when none ran.`;

export function drillCommand(): Command {
  const command = new Command('drill')
    .description('the on-sale drills: 10 buyers for 1 seat, 300 for 10, 300 for 299, 10,000 for 1,000')
    .option(
      '--only <names...>',
      `some of ${standardDrills.map(({ name }) => name).join(', ')}, or any buyers x seats`,
    )
    .option('--event <id>', 'a published event, all of whose seats are free, instead of a new one')
    .option('--at <instant>', 'when the herd is let in, such as the opening of its sale (default: at once)')
    .option('--rate <arrivals>', 'arrivals per second (default: 1,000 to 5,000 by herd)')
    .option('--deadline <ms>', 'time until a buyer gives up', '10000')
    .option('--check', "read each winner's booking back (1,000 at most per drill)")
    .option('--json', 'print JSON instead of the table')
    .option(
      '--report <folder>',
      'where the sale reports go (default: of the running standalone, shown at /console/reports/)',
    )
    .option('--metrics <urls...>', 'metrics of booking processes (default: of the running standalone)')
    .option(
      '--user-url <url>',
      "the user service's own port, for the load test's tokens (default: of the running standalone)",
    )
    .option(
      '--api-key <key>',
      'its key, better given as EVENTLY_API_KEY (default: of the running standalone)',
    );
  return addAdminOptions(addUrlOption(command))
    .addHelpText('after', examples)
    .action(async (given: unknown) => {
      process.exitCode = (await drill(parseOptions(optionsSchema, given))) ? 0 : 1;
    });
}

/** Runs the drills in order and prints the result; true when all that ran passed. */
async function drill(options: Options): Promise<boolean> {
  const specs = options.only === undefined ? standardDrills : options.only.map(drillNamed);
  if ((options.event !== undefined || options.at !== undefined) && specs.length !== 1) {
    throw new CommandError(
      'An event sells its seats once: name one drill beside --event or --at, such as --only 300x299.',
    );
  }
  const letInAtMs = options.at === undefined ? null : letInAt(options.at);
  const { url, target, runtime } = await findPlatform(options.url);
  const progress = createProgress(process.stderr, options.json === true);
  const client = createClient(url);
  const adminToken = await logInAdmin(client, {
    email: options.adminEmail,
    password: adminPassword(options.adminPassword),
  });
  const deps: DrillDeps = { client, target, adminToken, progress };
  const plan = planReports(options, runtime);

  const results: ReportedDrill[] = [];
  const skipped: SkippedDrill[] = [];
  let registered: readonly string[] | null = null;
  for (const spec of specs) {
    let herd: Herd;
    if (spec.herd === 'registered') {
      registered ??= await signInHerd(deps, specs);
      herd = { kind: 'ready', tokens: registered };
    } else herd = await issueHerd(options, runtime, spec, progress);
    if (herd.kind === 'unavailable') {
      skipped.push({ name: spec.name, reason: herd.reason });
      progress.say(`${titleOf(spec)}: skipped`);
      continue;
    }
    const before = await readClocks(plan, deps);
    const result = await runDrill(deps, spec, herd.tokens, {
      ratePerSecond: options.rate ?? spec.ratePerSecond,
      deadlineMs: options.deadline,
      checkWinners: options.check === true,
      eventId: options.event ?? null,
      letInAtMs,
    });
    const written = plan === null ? null : await writeDrillReport(plan, deps, result, before);
    results.push({ ...result, report: written });
    progress.say(
      `${titleOf(spec)}: ${formatCount(result.verdict.sold)} sold, ${result.verdict.faults.length === 0 ? 'passed' : 'failed'}`,
    );
  }
  print(results, skipped, options.json === true);
  return results.length > 0 && results.every(({ verdict }) => verdict.faults.length === 0);
}

/** Null when there is no folder for reports: they are for a platform on this machine, or for a folder that is named. */
function planReports(options: Options, runtime: Runtime | null): ReportPlan | null {
  const place = reportPlace(options.report, runtime);
  if (place === null) return null;
  return { place, runtime, metricsUrls: metricsUrlsOf(options.metrics, runtime) };
}

function print(results: readonly ReportedDrill[], skipped: readonly SkippedDrill[], asJson: boolean): void {
  if (asJson) {
    console.log(JSON.stringify(drillsAsJson(results, skipped), null, 2));
    return;
  }
  if (results.length > 0) console.log(`\n${renderDrills(results)}`);
  for (const line of concludeDrills(results, skipped)) console.log(line);
}

/** The largest registered herd of this run, signed in once. */
async function signInHerd(deps: DrillDeps, specs: readonly DrillSpec[]): Promise<readonly string[]> {
  const sizes = specs.filter(({ herd }) => herd === 'registered').map(({ buyers }) => buyers);
  const count = Math.max(...sizes);
  const startedText = `Signing in ${formatCount(count)} buyers`;
  deps.progress.update(startedText);
  const tokens = await signInBuyers(deps.client, count, (signedIn) =>
    deps.progress.update(`${startedText}: ${formatCount(signedIn)}`),
  );
  deps.progress.say(`${formatCount(count)} buyers have signed in, each with a token of their own`);
  return tokens;
}

async function issueHerd(
  options: Options,
  runtime: Runtime | null,
  spec: DrillSpec,
  progress: Progress,
): Promise<Herd> {
  const userUrl = options.userUrl ?? (runtime === null ? undefined : serviceUrl(runtime, 'user'));
  const apiKey = options.apiKey ?? process.env['EVENTLY_API_KEY'] ?? runtime?.api_key;
  if (userUrl === undefined || apiKey === undefined) {
    return {
      kind: 'unavailable',
      reason:
        "its buyers need the load test's tokens; name the user service with --user-url and EVENTLY_API_KEY, started with EVENTLY_LOAD_TEST=1",
    };
  }
  progress.update(`${titleOf(spec)}: issuing tokens`);
  return issueTokens(createClient(userUrl), apiKey, spec.buyers);
}

function letInAt(instant: string): number {
  const atMs = Date.parse(instant);
  if (atMs - systemClock.now().getTime() <= longestWaitMs) return atMs;
  throw new CommandError(`${instant} is more than a day ahead; begin the drill nearer to it.`);
}

function drillNamed(name: string): DrillSpec {
  const spec = findDrill(name);
  if (spec !== null) return spec;
  throw new CommandError(
    `There is no drill "${name}". Name buyers x seats, such as 300x299, with at most 20,000 buyers.`,
  );
}

function titleOf(spec: DrillSpec): string {
  return `Drill ${formatCount(spec.buyers)} for ${formatCount(spec.seats)}`;
}
