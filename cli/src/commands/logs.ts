/** `evently logs`: what the services write, standalone or in a cluster. */
import path from 'node:path';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { addPlaceOptions, findPlace, placeOptions, serviceNames } from '../place/find-place.ts';
import { logArguments } from '../place/kubectl.ts';
import { readLog } from '../place/read-log.ts';
import { handOver } from '../place/run-program.ts';
import { parseOptions, wholeNumber } from './platform-options.ts';

const writers = [...serviceNames, 'operator', 'standalone'] as const;
const optionsSchema = z.object({
  ...placeOptions,
  service: z.enum(writers).optional(),
  lines: wholeNumber(0, 1_000_000),
  follow: z.boolean(),
});

const examples = `
Each line is JSON. In a cluster each begins with its pod. A platform of this machine writes warnings only, unless it was started
with EVENTLY_LOG_LEVEL=info.

Examples:
  npx evently logs                                   all services, from now on
  npx evently logs --service booking --lines 1000 --no-follow
  npx evently logs --service operator --on cluster`;

export function logsCommand(): Command {
  const command = new Command('logs')
    .description('what the services write, from now on')
    .addOption(new Option('--service <name>', 'one of them (default: all)').choices(writers))
    .option('--lines <count>', 'older lines that are shown first', '50')
    .option('--no-follow', 'end after what there is');
  return addPlaceOptions(command)
    .addHelpText('after', examples)
    .action(async (given: unknown) => {
      const options = parseOptions(optionsSchema, given);
      const service = options.service ?? null;
      const place = await findPlace(options, process.env);
      if (place.kind === 'cluster') {
        process.exitCode = await handOver(
          'kubectl',
          logArguments(place.flags, { ...options, service }),
          process.env,
        );
        return;
      }
      const ended = new AbortController();
      process.once('SIGINT', () => ended.abort());
      await readLog({
        file: path.join(place.folder, 'evently.log'),
        service,
        lines: options.lines,
        follow: options.follow ? ended.signal : null,
        write: (line) => void process.stdout.write(`${line}\n`),
      });
    });
}
