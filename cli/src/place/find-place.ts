/** Where the platform is that a command is about: the standalone one of this machine, or a cluster's. */
import { Option, type Command } from 'commander';
import { z } from 'zod';
import { CommandError } from '../command-error.ts';
import { dataFolder, readRuntime, type Runtime } from '../runtime.ts';
import { askProgram, type Environment } from './run-program.ts';

export const serviceNames = ['user', 'event', 'search', 'booking', 'payment'] as const;
export type ServiceName = (typeof serviceNames)[number];

const usualNamespace = 'evently';

export const placeOptions = {
  on: z.enum(['standalone', 'cluster']).optional(),
  namespace: z.string().min(1),
  context: z.string().min(1).optional(),
};
type PlaceOptions = {
  on?: 'standalone' | 'cluster' | undefined;
  namespace: string;
  context?: string | undefined;
};

/** A cluster as kubectl is told about it: `--context`, `--namespace`. */
export type Place =
  | { kind: 'standalone'; folder: string; runtime: Runtime }
  | { kind: 'cluster'; flags: readonly string[]; describedAs: string };

export function addPlaceOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--on <place>',
        'the running standalone, or a cluster (default: the former, when it runs)',
      ).choices(['standalone', 'cluster']),
    )
    .option('--namespace <name>', 'of the cluster', process.env['EVENTLY_NAMESPACE'] ?? usualNamespace)
    .option('--context <name>', "of kubectl's configuration (default: its current one)");
}

/**
 * The standalone platform of the data folder when it runs, else the cluster that kubectl speaks to, when it has the
 * platform's namespace. Throws a `CommandError` that says how to get either.
 */
export async function findPlace(options: PlaceOptions, env: Environment): Promise<Place> {
  const folder = dataFolder(env);
  if (options.on !== 'cluster') {
    const runtime = await readRuntime(folder);
    if (runtime !== null && isAlive(runtime.pid)) return { kind: 'standalone', folder, runtime };
    if (options.on === 'standalone') {
      throw new CommandError(`No platform runs on ${folder}. Start it with "make start".`);
    }
  }
  return findCluster(options, env);
}

async function findCluster(options: PlaceOptions, env: Environment): Promise<Place> {
  const { namespace, context } = options;
  const flags = [...(context === undefined ? [] : ['--context', context]), '--namespace', namespace];
  const asked = await askProgram('kubectl', [...flags, 'get', 'namespace', namespace, '--output', 'name'], {
    env,
  });
  if (asked.kind === 'done') {
    const describedAs = `namespace ${namespace}${context === undefined ? '' : ` of ${context}`}`;
    return { kind: 'cluster', flags, describedAs };
  }
  const start = options.on === 'cluster' ? '' : 'No platform runs here: start one with "make start". ';
  if (asked.kind === 'missing') {
    throw new CommandError(
      `${start}A cluster is reached with kubectl, which was not found: https://kubernetes.io/docs/tasks/tools`,
    );
  }
  throw new CommandError(
    `${start}kubectl does not reach a namespace ${namespace} (${asked.says.split('\n').at(-1)}): make a cluster with "make up", or name one with --context and --namespace.`,
  );
}

/** A platform that was killed leaves its file behind. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Another user's process is alive; its databases may still be reached.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
