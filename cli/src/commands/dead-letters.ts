/** `evently dead-letters`: messages that a service could not handle, and putting them back. */
import { Command } from 'commander';
import { z } from 'zod';
import {
  addServiceOptions,
  connectToService,
  serviceOptions,
  type Connection,
} from '../api/service-connection.ts';
import { renderTable } from '../screen/table.ts';
import { parseOptions } from './platform-options.ts';

const serviceNames = ['event', 'search', 'booking', 'payment'] as const;
const optionsSchema = z.object({
  service: z.enum(serviceNames),
  ...serviceOptions,
});

const examples = `
A message that fails five times is put aside with its error, so that those behind it go on. When the cause
is repaired, replay hands it to its consumer again; a message that was handled meanwhile does nothing.

Examples:
  npx evently dead-letters list --service booking
  npx evently dead-letters replay --service booking
  EVENTLY_API_KEY=... npx evently dead-letters list --service payment --service-url http://10.0.0.5:8005`;

export function deadLettersCommand(): Command {
  const list = new Command('list').description('what waits, oldest first').action(async (given: unknown) => {
    await listLetters(await connect(given));
  });
  const replay = new Command('replay')
    .description('hand what waits to its consumers again; exit 1 when any fails once more')
    .action(async (given: unknown) => {
      process.exitCode = (await replayLetters(await connect(given))) ? 0 : 1;
    });
  for (const command of [list, replay]) {
    command.requiredOption('--service <name>', `one of ${serviceNames.join(', ')}`);
    addServiceOptions(command).addHelpText('after', examples);
  }
  return new Command('dead-letters')
    .description('messages that could not be handled')
    .addCommand(list)
    .addCommand(replay);
}

async function connect(given: unknown): Promise<Connection> {
  const options = parseOptions(optionsSchema, given);
  return connectToService(options.service, options);
}

const listAnswer = z.object({
  total: z.number(),
  dead_letters: z.array(
    z.object({ consumer: z.string(), type: z.string(), error: z.string(), created_at: z.string() }),
  ),
});

async function listLetters({ client, apiKey }: Connection): Promise<void> {
  const { total, dead_letters: letters } = await client.ask(listAnswer, {
    method: 'GET',
    path: '/internal/dead-letters',
    apiKey,
  });
  if (total === 0) {
    console.log('No message waits.');
    return;
  }
  const rows = letters.map(({ created_at: at, consumer, type, error }) => [at, consumer, type, error]);
  console.log(renderTable(['Put aside', 'Consumer', 'Message', 'Error'], rows, { widths: [26, 22, 26, 60] }));
  if (total > letters.length) console.log(`The oldest ${letters.length} of ${total}.`);
}

const replayAnswer = z.object({ handled: z.number(), failed: z.number() });
const replayDeadlineMs = 300_000;

async function replayLetters({ client, apiKey }: Connection): Promise<boolean> {
  const { handled, failed } = await client.ask(replayAnswer, {
    method: 'POST',
    path: '/internal/dead-letters/replay',
    apiKey,
    deadlineMs: replayDeadlineMs,
  });
  console.log(`${handled} handled, ${failed} failed again.`);
  return failed === 0;
}
