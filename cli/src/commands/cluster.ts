/** `evently cluster`: a development cluster on this machine, made and taken away. */
import { Command, Option } from 'commander';
import { z } from 'zod';
import { bringUp, takeDown, type ClusterDeps } from '../cluster/up.ts';
import { parseOptions } from './platform-options.ts';

const optionsSchema = z.object({
  profile: z.enum(['full', 'minimal']),
  with: z.array(z.enum(['opensearch', 'mailpit'])).default([]),
});

const examples = `
It needs Docker, kind, kubectl, Helm 4 and Skaffold 2.19 or later, and names what is missing. Running it again goes on where
it stopped.

Examples:
  npx evently cluster up                      with Prometheus and Grafana
  npx evently cluster up --profile minimal    one pod of each service, nothing that watches
  npx evently cluster up --with mailpit
  npx evently cluster down`;

export function clusterCommand(): Command {
  const up = new Command('up')
    .description('a kind cluster with PostgreSQL, Valkey, monitoring and the platform')
    .addOption(new Option('--profile <name>', 'how large').choices(['full', 'minimal']).default('full'))
    .addOption(
      new Option('--with <names...>', 'what is left out otherwise').choices(['opensearch', 'mailpit']),
    )
    .addHelpText('after', examples)
    .action(async (given: unknown) => {
      const { profile, with: extras } = parseOptions(optionsSchema, given);
      await bringUp(wiring(), { profile, extras });
    });
  const down = new Command('down')
    .description('removes the kind cluster, with all data in it')
    .addHelpText('after', examples)
    .action(() => takeDown(wiring()));
  return new Command('cluster')
    .description('a development cluster on this machine')
    .addCommand(up)
    .addCommand(down);
}

function wiring(): ClusterDeps {
  return { env: process.env, say: (line) => console.error(line) };
}
