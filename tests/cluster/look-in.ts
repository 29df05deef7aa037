/** What a person runs to look into the platform: `evently psql`, `redis-cli` and `logs`, and what asks a service by its address. */
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

/** `evently search-check` and `reindex`, with the platform's key; rejects when the command fails, with what it says. */
export function askSearch(
  serviceUrl: string,
  apiKey: string,
  name: 'search-check' | 'reindex',
): Promise<string> {
  return runProgram(process.execPath, [command, name, '--service-url', serviceUrl], {
    deadlineMs,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], EVENTLY_API_KEY: apiKey },
  });
}
