/** Renders the charts with Helm, from a copy, so that nobody's work tree gets a folder of dependencies. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from '@evently/testkit/engines/run-program';
import { parseAllDocuments } from 'yaml';

export const chartsFolder = fileURLToPath(new URL('..', import.meta.url));
/** Charts that can be installed. */
export const chartNames = [
  'user',
  'event',
  'booking',
  'payment',
  'search',
  'operator',
  'monitoring',
  'evently',
] as const;
export type ChartName = (typeof chartNames)[number];

/** A copy of all charts with their dependencies in place. */
export type ChartCopy = {
  folder: string;
  helm: (args: readonly string[]) => Promise<string>;
  remove: () => Promise<void>;
};

export type RenderOptions = {
  chart?: ChartName;
  /** Names of files beside the chart's values. */
  values?: readonly string[];
  /** As `--set` and `--set-json` take them. */
  set?: readonly string[];
  setJson?: readonly string[];
  kubeVersion?: string;
  apiVersions?: readonly string[];
  withTests?: boolean;
  /** Where the release is; `evently` unless told. */
  namespace?: string;
};

const release = 'evently';
const namespace = 'evently';
const deadlineMs = 60_000;

/** @param tools the folder of Helm */
export async function copyCharts(tools: string): Promise<ChartCopy> {
  const folder = await mkdtemp(path.join(tmpdir(), 'evently-charts-'));
  const built = ['build', 'charts', 'Chart.lock'];
  await cp(chartsFolder, folder, {
    recursive: true,
    filter: (source) => !built.includes(path.basename(source)) || path.relative(chartsFolder, source) === '',
  });
  const helm = (args: readonly string[]): Promise<string> =>
    runProgram(path.join(tools, 'helm'), args, { cwd: folder, deadlineMs });
  const build = (chart: ChartName): Promise<string> => helm(['dependency', 'build', chart]);
  // The umbrella copies the others, which must not change meanwhile.
  await Promise.all(chartNames.filter((chart) => chart !== 'evently').map(build));
  await build('evently');
  return { folder, helm, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** What `helm template` prints; rejects with what it complains of. */
export function render(copy: ChartCopy, options: RenderOptions = {}): Promise<string> {
  const { chart = 'evently', values = [], set = [], setJson = [], kubeVersion } = options;
  const each = (option: string, given: readonly string[]): string[] => given.flatMap((one) => [option, one]);
  return copy.helm([
    'template',
    release,
    chart,
    `--namespace=${options.namespace ?? namespace}`,
    ...each(
      '--values',
      values.map((file) => path.join(chart, file)),
    ),
    ...each('--set', set),
    ...each('--set-json', setJson),
    ...each('--api-versions', options.apiVersions ?? []),
    ...(kubeVersion === undefined ? [] : [`--kube-version=${kubeVersion}`]),
    ...(options.withTests === false ? ['--skip-tests'] : []),
  ]);
}

/** The objects of a rendered text, in its order. */
export function objectsOf(text: string): unknown[] {
  return parseAllDocuments(text).flatMap((document) => {
    const object: unknown = document.toJS();
    return object === null ? [] : [object];
  });
}
