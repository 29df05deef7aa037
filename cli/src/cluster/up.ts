/** Runs the steps of `up` and `down`; safe to repeat: what is there already stays. */
import { randomBytes } from 'node:crypto';
import { CommandError } from '../command-error.ts';
import { askProgram, handOver, type Ended, type Environment } from '../place/run-program.ts';
import { findFaults, type ProgramName } from './programs.ts';
import { asManifests, clusterSecrets, passwordSecrets, readSecret } from './secrets.ts';
import {
  clusterName,
  context,
  createCluster,
  deleteCluster,
  dependencySteps,
  makeNamespaces,
  runPlatform,
  whatNext,
  type Step,
  type UpOptions,
} from './steps.ts';

export type ClusterDeps = { env: Environment; say: (line: string) => void };

const passwordBytes = 24;
const authority = { namespace: 'evently', name: 'evently-postgres-ca' };

/** Makes the cluster, its dependencies and the platform. Throws a `CommandError` that names every missing program. */
export async function bringUp(deps: ClusterDeps, options: UpOptions): Promise<void> {
  await requirePrograms(deps, ['docker', 'kind', 'kubectl', 'helm', 'skaffold']);
  if (await clusterIsThere(deps)) deps.say(`The cluster ${clusterName} is there already.`);
  else await runStep(deps, createCluster);
  await runStep(deps, makeNamespaces);
  await keepSecrets(deps);
  for (const step of dependencySteps(options)) await runStep(deps, step);
  await handOnAuthority(deps);
  await runStep(deps, runPlatform(options));
  deps.say(whatNext);
}

export async function takeDown(deps: ClusterDeps): Promise<void> {
  await requirePrograms(deps, ['docker', 'kind']);
  if (await clusterIsThere(deps)) await runStep(deps, deleteCluster);
  else deps.say(`There is no cluster ${clusterName}.`);
}

async function requirePrograms({ env }: ClusterDeps, names: readonly ProgramName[]): Promise<void> {
  const faults = await findFaults(names, env);
  if (faults.length > 0) throw new CommandError(faults.join('\n'));
}

async function clusterIsThere({ env }: ClusterDeps): Promise<boolean> {
  const listed = output('kind get clusters', await askProgram('kind', ['get', 'clusters'], { env }));
  return listed.split('\n').includes(clusterName);
}

async function runStep({ env, say }: ClusterDeps, step: Step): Promise<void> {
  say(step.says);
  const shown = `${step.program} ${step.args.join(' ')}`;
  if (step.isShown === true) {
    const status = await handOver(step.program, step.args, env);
    if (status !== 0)
      throw new CommandError(`"${shown}" ended with ${status}. Repair it and run this again.`);
    return;
  }
  output(shown, await askProgram(step.program, step.args, { env, deadlineMs: step.deadlineMs }));
}

/** Passwords go through standard input only: arguments can be read by everybody on this machine. */
async function keepSecrets({ env, say }: ClusterDeps): Promise<void> {
  say('Secrets: random passwords, kept from one run to the next.');
  const present = new Map<string, Record<string, string>>();
  for (const { namespace, name } of passwordSecrets) {
    const values = readSecret(await ask(env, ['get', 'secret', name, '--namespace', namespace, ...asJson]));
    if (values !== null) present.set(`${namespace}/${name}`, values);
  }
  // Letters and digits only, so that a URL takes it as it is.
  const newPassword = (): string => randomBytes(passwordBytes).toString('hex');
  await apply(env, asManifests(clusterSecrets(present, newPassword)));
}

const asJson = ['--ignore-not-found', '--output', 'json'];

/** The services check PostgreSQL's certificate; a Secret can be mounted in its own namespace only. */
async function handOnAuthority({ env, say }: ClusterDeps): Promise<void> {
  say("PostgreSQL's authority, for the services.");
  const made = readSecret(
    await ask(env, ['get', 'secret', 'postgres-ca', '--namespace', 'evently-data', ...asJson]),
  );
  const certificate = made?.['ca.crt'];
  if (certificate === undefined) {
    throw new CommandError(
      'The Secret postgres-ca of evently-data has no ca.crt: look at "kubectl --namespace evently-data get cluster postgres", then run this again.',
    );
  }
  await apply(env, asManifests([{ ...authority, type: 'Opaque', values: { 'ca.crt': certificate } }]));
}

async function ask(env: Environment, args: readonly string[]): Promise<string> {
  return output(
    `kubectl ${args.join(' ')}`,
    await askProgram('kubectl', ['--context', context, ...args], { env }),
  );
}

async function apply(env: Environment, input: string): Promise<void> {
  const args = [
    '--context',
    context,
    'apply',
    '--server-side',
    '--field-manager',
    'evently-up',
    '--filename',
    '-',
  ];
  output(`kubectl ${args.join(' ')}`, await askProgram('kubectl', args, { env, input }));
}

function output(command: string, ended: Ended): string {
  if (ended.kind === 'done') return ended.stdout;
  const says = ended.kind === 'missing' ? 'the program was not found' : ended.says;
  throw new CommandError(`"${command}" failed: ${says}\nRepair it and run this again: what is there stays.`);
}
