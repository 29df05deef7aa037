/** The programs that a development cluster needs: which are missing, which are too old, and how each is got. */
import { askProgram, type Environment } from '../place/run-program.ts';

type Program = {
  name: string;
  ask: readonly string[];
  /** Its first group is the version. */
  pattern: RegExp;
  atLeast: string;
  get: string;
};

const skaffoldForHelm4 = '2.19.0';

export const programs = {
  docker: {
    name: 'docker',
    // The server as well: a client alone starts nothing.
    ask: ['version', '--format', 'Server {{.Server.Version}}'],
    pattern: /Server (\d+\.\d+(?:\.\d+)?)/,
    atLeast: '20.10.0',
    get: 'install Docker and start it (https://docs.docker.com/get-docker)',
  },
  kind: {
    name: 'kind',
    ask: ['version'],
    pattern: /v(\d+\.\d+\.\d+)/,
    atLeast: '0.32.0',
    get: 'install kind (https://kind.sigs.k8s.io, or "go install sigs.k8s.io/kind@v0.33.0")',
  },
  kubectl: {
    name: 'kubectl',
    ask: ['version', '--client'],
    pattern: /v(\d+\.\d+\.\d+)/,
    atLeast: '1.34.0',
    get: 'install kubectl 1.34 or later (https://kubernetes.io/docs/tasks/tools)',
  },
  helm: {
    name: 'helm',
    ask: ['version', '--short'],
    pattern: /v(\d+\.\d+\.\d+)/,
    atLeast: '4.0.0',
    get: 'install Helm 4 (https://helm.sh/docs/intro/install)',
  },
  skaffold: {
    name: 'skaffold',
    ask: ['version'],
    pattern: /v(\d+\.\d+\.\d+)/,
    // Helm 4 takes Skaffold's filter as a plugin only, which earlier ones do not offer.
    atLeast: skaffoldForHelm4,
    get: 'install Skaffold 2.19 or later (https://skaffold.dev/docs/install)',
  },
} as const satisfies Record<string, Program>;

export type ProgramName = keyof typeof programs;

/** A sentence for each of `names` that is missing, does not answer or is too old; none when all will do. */
export async function findFaults(names: readonly ProgramName[], env: Environment): Promise<string[]> {
  const faults = await Promise.all(names.map((name) => faultOf(programs[name], env)));
  return faults.filter((fault) => fault !== null);
}

async function faultOf(
  { name, ask, pattern, atLeast, get }: Program,
  env: Environment,
): Promise<string | null> {
  const asked = await askProgram(name, ask, { env });
  if (asked.kind === 'missing') return `${name} was not found: ${get}.`;
  if (asked.kind === 'failed') return `${name} does not answer (${firstLine(asked.says)}): ${get}.`;
  const version = pattern.exec(asked.stdout)?.[1];
  if (version === undefined) return `${name} does not say its version: ${get}.`;
  return isOlder(version, atLeast)
    ? `${name} is version ${version}, and ${atLeast} or later is needed: ${get}.`
    : null;
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

/** Compares dotted numbers: 1.9 is older than 1.10. */
export function isOlder(version: string, than: string): boolean {
  const given = version.split('.').map(Number);
  for (const [at, wanted] of than.split('.').map(Number).entries()) {
    const difference = (given[at] ?? 0) - wanted;
    if (difference !== 0) return difference < 0;
  }
  return false;
}
