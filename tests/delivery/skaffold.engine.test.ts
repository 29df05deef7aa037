/**
 * skaffold.yaml as Skaffold itself reads it, and what it renders. Where there is no Skaffold this is skipped, in CI too: it builds from
 * source for a quarter of an hour. The test beside this one, which needs none, always runs.
 */
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { findEngine, isAtLeast } from '@evently/testkit/engines/engine';
import { requireHelmTools } from '@evently/testkit/engines/helm-tools';
import { runProgram } from '@evently/testkit/engines/run-program';
import { skaffold } from '@evently/testkit/engines/skaffold';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { copyCharts, objectsOf, type ChartCopy } from '../../charts/build/render.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const deadlineMs = 90_000;
// From here on Skaffold speaks to Helm 4 as Helm 4 wants it.
const knowsHelm4 = '2.19.0';
const tag = 'as-built';

type World = { folder: string; program: string; env: Record<string, string>; copy: ChartCopy };
let world: World | null = null;

beforeEach(async (context) => {
  const found = await findEngine(skaffold);
  if (found.kind === 'missing') return context.skip(found.reason);
  const tools = await requireHelmTools((note) => context.skip(note));
  world ??= await prepare(found, tools);
}, 180_000);
afterAll(async () => {
  await world?.copy.remove();
  if (world !== null) await rm(world.folder, { recursive: true, force: true });
});

/** Skaffold has Helm fill the chart's folder with its dependencies, so it gets a tree of its own. */
async function prepare(found: { program: string; version: string }, tools: string): Promise<World> {
  const folder = await mkdtemp(path.join(tmpdir(), 'evently-skaffold-'));
  const copy = await copyCharts(tools);
  await symlink(copy.folder, path.join(folder, 'charts'));
  for (const part of ['skaffold.yaml', 'Dockerfile', '.dockerignore', 'load', 'k8s']) {
    await cp(path.join(root, part), path.join(folder, part), {
      recursive: true,
      filter: (source) => path.basename(source) !== 'node_modules',
    });
  }
  const bin = path.join(folder, 'bin');
  await mkdir(bin);
  const helm = path.join(tools, 'helm');
  if (isAtLeast(found.version, knowsHelm4)) await symlink(helm, path.join(bin, 'helm'));
  else await writeFile(path.join(bin, 'helm'), asHelm3(helm), { mode: 0o755 });
  const env = { HOME: folder, PATH: `${bin}:/usr/bin:/bin`, SKAFFOLD_UPDATE_CHECK: 'false' };
  return { folder, program: found.program, env, copy };
}

/**
 * Helm 4 for a Skaffold that knows Helm 3: it asks for the version with a flag that is gone, and gives a program as
 * post-renderer where Helm 4 takes a plugin. What is rendered is Helm 4's.
 */
function asHelm3(helm: string): string {
  return `#!/bin/sh
[ "$1" = version ] && { echo v3.19.0+g0000000; exit; }
filter=cat
for word; do
  shift
  if [ "$last" = --post-renderer ]; then filter=$word; elif [ "$word" != --post-renderer ]; then set -- "$@" "$word"; fi
  last=$word
done
rendered=$('${helm}' "$@") || exit 1
printf '%s\\n' "$rendered" | $filter
`;
}

function run(...args: string[]): Promise<string> {
  if (world === null) throw new Error('there is no Skaffold');
  const program = path.resolve(world.program);
  return runProgram(program, args, { cwd: world.folder, env: world.env, deadlineMs });
}

const readSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  build: z.looseObject({
    artifacts: z.array(
      z.looseObject({
        image: z.string(),
        docker: z.looseObject({ target: z.string().optional() }),
        sync: z.looseObject({}).optional(),
      }),
    ),
  }),
});

test.each([
  ['platform', [], 'runtime', false],
  ['platform', ['--profile', 'dev'], 'dev', true],
  ['platform', ['--profile', 'ci'], 'runtime', false],
  ['platform', ['--profile', 'minimal'], 'runtime', false],
  ['platform', ['--profile', 'minimal,opensearch'], 'runtime', false],
  ['checks', [], undefined, false],
] as const)('skaffold diagnose reads the module %s with %j', async (name, profile, target, isSynced) => {
  const said = await run('diagnose', '--yaml-only', '--module', name, ...profile);
  const [read] = parseAllDocuments(said).map((document) => readSchema.parse(document.toJS()));
  expect(read?.metadata.name).toBe(name);
  const artifacts = read?.build.artifacts ?? [];
  expect(artifacts.length).toBe(name === 'platform' ? 6 : 1);
  expect(artifacts.map(({ docker }) => docker.target)).toEqual(artifacts.map(() => target));
  expect(artifacts.map((one) => one.sync !== undefined)).toEqual(artifacts.map(() => isSynced));
});

const renderedSchema = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
  spec: z
    .looseObject({
      template: z
        .looseObject({ spec: z.looseObject({ containers: z.array(z.looseObject({ image: z.string() })) }) })
        .optional(),
    })
    .optional(),
});

async function rendered(...profile: string[]): Promise<z.output<typeof renderedSchema>[]> {
  if (world === null) throw new Error('there is no Skaffold');
  const images = ['user', 'event', 'search', 'booking', 'payment', 'operator'].map((part) => ({
    imageName: `evently/${part}`,
    tag: `registry.example:5000/tickets/${part}:${tag}`,
  }));
  await writeFile(path.join(world.folder, 'built.json'), JSON.stringify({ builds: images }));
  const output = path.join(world.folder, 'rendered.yaml');
  const built = [
    '--build-artifacts',
    'built.json',
    '--digest-source',
    'tag',
    '--offline=true',
    '--output',
    output,
  ];
  await run('render', '--module', 'platform', ...built, ...profile);
  return objectsOf(await readFile(output, 'utf8')).map((object) => renderedSchema.parse(object));
}

function imagesOf(objects: readonly z.output<typeof renderedSchema>[], kind: string): Record<string, string> {
  const pairs = objects
    .filter((one) => one.kind === kind)
    .map(({ metadata, spec }): [string, string] => [
      metadata.name,
      spec?.template?.spec.containers[0]?.image ?? '',
    ]);
  return Object.fromEntries(pairs);
}

test(
  'skaffold render gives each chart the image that was built for it, its migrations too',
  async () => {
    const objects = await rendered();
    const built = (part: string): string => `registry.example:5000/tickets/${part}:${tag}`;
    expect(imagesOf(objects, 'Deployment')).toEqual(
      Object.fromEntries(
        ['user', 'event', 'search', 'booking', 'payment', 'operator'].map((part) => [part, built(part)]),
      ),
    );
    const migrations = ['user', 'event', 'search', 'booking', 'payment'].map((part) => [
      `${part}-migrate`,
      built(part),
    ]);
    expect(imagesOf(objects, 'Job')).toEqual(Object.fromEntries(migrations));
  },
  deadlineMs + 30_000,
);

test(
  'the profile minimal has neither an operator nor an autoscaler',
  async () => {
    const objects = await rendered('--profile', 'minimal');
    expect(Object.keys(imagesOf(objects, 'Deployment')).toSorted()).toEqual([
      'booking',
      'event',
      'payment',
      'search',
      'user',
    ]);
    expect(objects.filter(({ kind }) => kind === 'HorizontalPodAutoscaler')).toEqual([]);
  },
  deadlineMs + 30_000,
);

test(
  'the profile opensearch tells search where OpenSearch is, beside minimal too',
  async () => {
    const objects = await rendered('--profile', 'minimal,opensearch');
    const settings = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'search');
    expect(settings?.['data']).toMatchObject({
      SEARCH_ENGINE: 'opensearch',
      SEARCH_FALLBACK: 'postgres',
      OPENSEARCH_URL: 'http://opensearch.evently-data:9200',
    });
  },
  deadlineMs + 30_000,
);
