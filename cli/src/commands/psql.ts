/** `evently psql`: a prompt on a service's database, with psql where it is installed. */
import { runSqlPrompt } from '@evently/kit/sql-prompt';
import { Command, Option } from 'commander';
import { z } from 'zod';
import {
  addPlaceOptions,
  findPlace,
  placeOptions,
  serviceNames,
  type ServiceName,
} from '../place/find-place.ts';
import { podPrompt } from '../place/kubectl.ts';
import { askProgram, handOver, type Environment } from '../place/run-program.ts';
import { parseOptions } from './platform-options.ts';

const optionsSchema = z.object({
  ...placeOptions,
  service: z.enum(serviceNames),
  builtIn: z.boolean().optional(),
});

const examples = `
On this machine it is psql, or a small prompt of its own where that is not installed. In a cluster the prompt runs inside
a pod of the service: it has the address and the password, and the network lets it through.

Examples:
  npx evently psql --service booking
  echo "select status, count(*) from bookings group by 1;" | npx evently psql --service booking
  npx evently psql --service booking --on cluster --namespace evently`;

export function psqlCommand(): Command {
  const command = new Command('psql')
    .description("a prompt on a service's database, standalone or in a cluster")
    .addOption(new Option('--service <name>', 'whose database').choices(serviceNames).makeOptionMandatory())
    .option('--built-in', 'the small prompt, even where psql is installed');
  return addPlaceOptions(command)
    .addHelpText('after', examples)
    .action(async (given: unknown) => {
      const options = parseOptions(optionsSchema, given);
      const place = await findPlace(options, process.env);
      process.exitCode =
        place.kind === 'cluster'
          ? await podPrompt(place, options.service, 'sql', process.env)
          : await promptHere(place.runtime.databases[options.service], options, process.env);
    });
}

async function promptHere(
  url: string,
  { service, builtIn }: { service: ServiceName; builtIn?: boolean | undefined },
  env: Environment,
): Promise<number> {
  const installed = builtIn === true ? null : await askProgram('psql', ['--version'], { env });
  if (installed?.kind === 'done') {
    return handOver('psql', ['--set=ON_ERROR_STOP=1'], { ...env, ...addressVariables(url) });
  }
  if (installed !== null) {
    console.error(`psql is not installed; this is a small prompt on the database of ${service}.`);
  }
  return runSqlPrompt({
    url,
    input: process.stdin,
    output: process.stdout,
    complain: (sentence) => console.error(sentence),
    isInteractive: process.stdin.isTTY,
  });
}

/** The address as libpq's variables: an argument would show the password to everybody on this machine. */
export function addressVariables(url: string): Record<string, string> {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const socket = searchParams.get('host');
  return {
    PGHOST: socket ?? hostname,
    PGPORT: port === '' ? '5432' : port,
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: decodeURIComponent(pathname.slice(1)),
    PGAPPNAME: 'evently-psql',
  };
}
