/** `evently redis-cli`: a prompt on the platform's Redis. */
import { Command, Option } from 'commander';
import { z } from 'zod';
import { CommandError } from '../command-error.ts';
import { addPlaceOptions, findPlace, placeOptions, serviceNames } from '../place/find-place.ts';
import { podPrompt } from '../place/kubectl.ts';
import { parseOptions } from './platform-options.ts';

const optionsSchema = z.object({ ...placeOptions, service: z.enum(serviceNames) });

const examples = `
The prompt runs inside a pod: it has the address and the password, and the network lets it through. A platform in one
process has no Redis; cache, limits and messages are in the process and in PostgreSQL.

Examples:
  npx evently redis-cli
  echo "xlen evently:bus:booking" | npx evently redis-cli --on cluster --namespace evently`;

export function redisCliCommand(): Command {
  const command = new Command('redis-cli')
    .description("a prompt on a cluster's Redis")
    .addOption(
      new Option('--service <name>', 'in whose pod the prompt runs').choices(serviceNames).default('booking'),
    );
  return addPlaceOptions(command)
    .addHelpText('after', examples)
    .action(async (given: unknown) => {
      const options = parseOptions(optionsSchema, given);
      const place = await findPlace(options, process.env);
      if (place.kind === 'standalone') {
        throw new CommandError(
          'The platform of this machine runs in one process and has no Redis: cache, limits and messages are in the process and in PostgreSQL ("make psql SERVICE=booking"). For a cluster\'s Redis add ON=cluster, or --on cluster.',
        );
      }
      process.exitCode = await podPrompt(place, options.service, 'redis', process.env);
    });
}
