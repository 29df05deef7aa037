/** `evently psql`, `redis-cli` and `logs` on the cluster, as `make` runs them for a person. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NodeCluster } from '@evently/testkit/engines/node-cluster';
import { runProgram } from '@evently/testkit/engines/run-program';
import { namespace } from './namespace.ts';

const command = fileURLToPath(new URL('../../cli/bin/evently.js', import.meta.url));
// Node starts once here and once in the pod, on a machine that also runs everything else.
const deadlineMs = 60_000;

/** What the command prints; `typed` is its standard input. `programs` is the folder of kubectl. */
export function lookIn(
  cluster: NodeCluster,
  programs: string,
  args: readonly string[],
  typed = '',
): Promise<string> {
  return runProgram(process.execPath, [command, ...args, '--on', 'cluster', '--namespace', namespace], {
    stdin: typed,
    deadlineMs,
    env: {
      PATH: `${programs}${path.delimiter}${process.env['PATH'] ?? ''}`,
      HOME: process.env['HOME'],
      KUBECONFIG: cluster.kubeconfig,
    },
  });
}
