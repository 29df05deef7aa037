/** `evently reindex` and `evently search-check`: the index of the search, built anew and looked at. */
import { Command } from 'commander';
import { z } from 'zod';
import { addServiceOptions, connectToService, serviceOptions } from '../api/service-connection.ts';
import { renderTable } from '../screen/table.ts';
import { parseOptions } from './platform-options.ts';

const optionsSchema = z.object(serviceOptions);
/** Below the five minutes after which fetch itself gives up without a word; the service goes on building. */
const reindexDeadlineMs = 290_000;
const checkDeadlineMs = 120_000;

const reindexHelp = `
The new index fills beside the one that answers, from the event service's catalog, and takes its place in one step:
searches are answered all the while. When something is away the present index stays as it is.

Examples:
  npx evently reindex
  EVENTLY_API_KEY=... npx evently reindex --service-url http://10.0.0.5:8003`;

const checkHelp = `
Exit 1 when something differs that is not on its way into the index, or could not be compared. The search compares and repairs by itself each
minute; "npx evently reindex" builds the index anew.

Examples:
  npx evently search-check
  EVENTLY_API_KEY=... npx evently search-check --service-url http://10.0.0.5:8003`;

export function reindexCommand(): Command {
  const command = new Command('reindex').description('build the index of the search anew, without a gap');
  return addServiceOptions(command)
    .addHelpText('after', reindexHelp)
    .action(async (given: unknown) => reindex(given));
}

const built = z.object({ generation: z.string(), documents: z.number(), seconds: z.number() });

async function reindex(given: unknown): Promise<void> {
  const { client, apiKey } = await connectToService('search', parseOptions(optionsSchema, given));
  const { documents, seconds } = await client.ask(built, {
    method: 'POST',
    path: '/internal/search/resync',
    apiKey,
    deadlineMs: reindexDeadlineMs,
  });
  console.log(`${documents} events are in the new index (${seconds.toFixed(1)} s); it answers now.`);
}

export function searchCheckCommand(): Command {
  const command = new Command('search-check').description(
    'compare the index of the search with the catalog; exit 1 when they differ',
  );
  return addServiceOptions(command)
    .addHelpText('after', checkHelp)
    .action(async (given: unknown) => {
      process.exitCode = (await checkSearch(given)) ? 0 : 1;
    });
}

const found = z.object({
  engine: z.string(),
  known: z.number(),
  indexed: z.number().nullable(),
  waiting: z.number(),
  lag_seconds: z.number(),
  catalog: z.enum(['compared', 'away']),
  differing: z.number(),
  differences: z.array(z.object({ event_id: z.string(), version: z.number(), reason: z.string() })),
});

async function checkSearch(given: unknown): Promise<boolean> {
  const { client, apiKey } = await connectToService('search', parseOptions(optionsSchema, given));
  const { engine, known, indexed, waiting, catalog, differing, ...rest } = await client.ask(found, {
    method: 'GET',
    path: '/internal/search/check',
    apiKey,
    deadlineMs: checkDeadlineMs,
  });
  console.log(`${known} events can be found by the catalog, ${indexed ?? 'no index, so none'} by ${engine}.`);
  if (waiting > 0)
    console.log(`${waiting} wait for the index, for ${rest.lag_seconds.toFixed(1)} s at most.`);
  if (catalog === 'away')
    console.log('The event service does not answer: whether the search knows all events was not compared.');
  if (differing === 0) {
    if (indexed !== null && catalog === 'compared') console.log('The index says what the catalog says.');
    return indexed !== null && catalog === 'compared';
  }
  const rows = rest.differences.map(({ event_id: id, version, reason }) => [id, String(version), reason]);
  console.log(renderTable(['Event', 'Version', 'What is wrong'], rows, { widths: [40, 12, 20] }));
  console.log(
    `${differing} differ; the search repairs them within a minute, "npx evently reindex" all at once.`,
  );
  return false;
}
