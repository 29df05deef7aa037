/** `evently cases`: money that no rule settles and that waits for a person, and closing what a person has seen to. */
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

const listOptions = z.object(serviceOptions);
const closeOptions = z.object({ note: z.string(), ...serviceOptions });
const caseId = z.uuid('must be the id of a case, as "npx evently cases list" shows it');

const examples = `
Most cases close by themselves once what they ask for has happened: the outcome is known, the money went back. Closing one by
hand moves no money; the note says what was done, and stays. Keep names and addresses out of it.

Examples:
  npx evently cases list
  npx evently cases close 0197f3c2-5b1e-7c44-9d0a-3f6f5f1f2a10 --note "given back by bank transfer 4711"
  EVENTLY_API_KEY=... npx evently cases list --service-url http://10.0.0.5:8005`;

export function casesCommand(): Command {
  const list = new Command('list')
    .description('what is open, oldest first')
    .action(async (given: unknown) => {
      await listCases(await connectToService('payment', parseOptions(listOptions, given)));
    });
  const close = new Command('close')
    .description('say what was done about a case; exit 1 when it was closed before')
    .argument('<id>', 'of the case')
    .requiredOption('--note <text>', 'what was done, in at most 500 characters')
    .action(async (id: string, given: unknown) => {
      const options = parseOptions(closeOptions, given);
      const { id: named } = parseOptions(z.object({ id: caseId }), { id });
      process.exitCode = (await closeCase(await connectToService('payment', options), named, options.note))
        ? 0
        : 1;
    });
  for (const command of [list, close]) addServiceOptions(command).addHelpText('after', examples);
  return new Command('cases')
    .description('payments and refunds that wait for a person')
    .addCommand(list)
    .addCommand(close);
}

const listAnswer = z.object({
  total: z.number(),
  cases: z.array(
    z.object({
      case_id: z.string(),
      kind: z.string(),
      payment_id: z.string(),
      booking_id: z.string(),
      detail: z.string(),
      opened_at: z.string(),
    }),
  ),
});

async function listCases({ client, apiKey }: Connection): Promise<void> {
  const { total, cases } = await client.ask(listAnswer, { method: 'GET', path: '/internal/cases', apiKey });
  if (total === 0) {
    console.log('No case is open.');
    return;
  }
  const rows = cases.map((one) => [one.opened_at, one.case_id, one.kind, one.booking_id, one.detail]);
  const headers = ['Opened', 'Case', 'What', 'Booking', 'Detail'];
  console.log(renderTable(headers, rows, { widths: [26, 38, 20, 38, 60] }));
  if (total > cases.length) console.log(`The oldest ${cases.length} of ${total}.`);
}

const closeAnswer = z.object({
  closed_now: z.boolean(),
  closed_at: z.string(),
  note: z.string().nullable(),
  payment_id: z.string(),
});

async function closeCase({ client, apiKey }: Connection, id: string, note: string): Promise<boolean> {
  const closed = await client.ask(closeAnswer, {
    method: 'POST',
    path: `/internal/cases/${id}/close`,
    apiKey,
    body: { note },
  });
  if (closed.closed_now) {
    console.log(`Closed; it was about payment ${closed.payment_id}.`);
    return true;
  }
  const how = closed.note === null ? 'by itself' : `with the note "${closed.note}"`;
  console.log(`It was closed at ${closed.closed_at} ${how}; nothing was changed.`);
  return false;
}
