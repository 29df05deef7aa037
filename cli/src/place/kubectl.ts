/** What kubectl is asked for: a prompt inside a pod, the lines of many pods. */
import type { Place } from './find-place.ts';
import { handOver, type Environment } from './run-program.ts';

type Cluster = Extract<Place, { kind: 'cluster' }>;

// More pods than a sale's floor is likely to have; kubectl's own limit is 5.
const maxStreams = 100;

/** Arguments that run a prompt in a pod of `service`, on what its own settings lead to. */
export function promptArguments(
  flags: readonly string[],
  service: string,
  prompt: 'sql' | 'redis',
  isTerminal: boolean,
): string[] {
  const terminal = isTerminal ? ['--stdin', '--tty'] : ['--stdin'];
  const program = ['node', `services/${service}/src/main.ts`, prompt];
  return [...flags, 'exec', ...terminal, `deployment/${service}`, '--container', service, '--', ...program];
}

/** Arguments that print the lines of all pods of `service`, or of the whole platform. */
export function logArguments(
  flags: readonly string[],
  { service, lines, follow }: { service: string | null; lines: number; follow: boolean },
): string[] {
  const label = service === null ? 'app.kubernetes.io/part-of=evently' : `app.kubernetes.io/name=${service}`;
  return [
    ...flags,
    'logs',
    `--selector=${label}`,
    '--all-containers',
    '--prefix',
    `--tail=${lines}`,
    `--max-log-requests=${maxStreams}`,
    ...(follow ? ['--follow'] : []),
  ];
}

/** Says which cluster it is before anything is typed into it. */
export function podPrompt(
  place: Cluster,
  service: string,
  prompt: 'sql' | 'redis',
  env: Environment,
): Promise<number> {
  console.error(`A pod of ${service} in ${place.describedAs}.`);
  return handOver('kubectl', promptArguments(place.flags, service, prompt, process.stdin.isTTY), env);
}
