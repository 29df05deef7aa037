/** skaffold.yaml against what it speaks of: images, targets, charts, ports, files. Needs no Skaffold. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (at: string): string => readFileSync(path.join(root, at), 'utf8');

// The parts of skaffold/v4beta13 that are used here, strictly: a member that Skaffold does not know is refused by it, and so it is
// here. Its own check, `skaffold diagnose`, runs where there is a Skaffold.
const sync = z.strictObject({
  manual: z.array(z.strictObject({ src: z.string(), dest: z.string() })).min(1),
});
const artifact = z.strictObject({
  image: z.string(),
  context: z.string().optional(),
  docker: z.strictObject({
    dockerfile: z.string(),
    target: z.string().optional(),
    buildArgs: z.record(z.string(), z.string()).optional(),
  }),
  sync: sync.optional(),
});
const tagPolicy = z.union([
  z.strictObject({ inputDigest: z.strictObject({}) }),
  z.strictObject({ gitCommit: z.strictObject({}) }),
]);
const local = z.strictObject({
  push: z.boolean(),
  useBuildkit: z.boolean(),
  concurrency: z.int().min(0).optional(),
});
const build = z.strictObject({ tagPolicy, artifacts: z.array(artifact).min(1), local });
const release = z.strictObject({
  name: z.string(),
  chartPath: z.string(),
  namespace: z.string(),
  valuesFiles: z.array(z.string()),
  setValueTemplates: z.record(z.string(), z.string()),
  setValues: z.record(z.string(), z.unknown()).optional(),
});
const patch = z.strictObject({
  op: z.enum(['add', 'replace', 'remove']),
  path: z.string().startsWith('/'),
  value: z.unknown().optional(),
});
const config = z.strictObject({
  apiVersion: z.literal('skaffold/v4beta13'),
  kind: z.literal('Config'),
  metadata: z.strictObject({ name: z.string() }),
  build,
  deploy: z
    .strictObject({
      statusCheckDeadlineSeconds: z.int().min(1),
      helm: z.strictObject({ releases: z.array(release).length(1) }),
    })
    .optional(),
  portForward: z
    .array(
      z.strictObject({
        resourceType: z.enum(['service', 'deployment']),
        resourceName: z.string(),
        namespace: z.literal('evently'),
        port: z.int(),
        localPort: z.int(),
      }),
    )
    .optional(),
  verify: z
    .array(
      z.strictObject({
        name: z.string(),
        timeout: z.int().min(1),
        container: z.strictObject({
          name: z.string(),
          image: z.string(),
          command: z.array(z.string()),
          args: z.array(z.string()),
          env: z.array(z.strictObject({ name: z.string(), value: z.string() })),
        }),
        executionMode: z.strictObject({ kubernetesCluster: z.strictObject({ jobManifestPath: z.string() }) }),
      }),
    )
    .optional(),
  profiles: z
    .array(
      z.strictObject({
        name: z.string(),
        activation: z.array(z.strictObject({ command: z.string() })).optional(),
        build: build.partial().optional(),
        patches: z.array(patch).optional(),
      }),
    )
    .optional(),
});

const modules = parseAllDocuments(read('skaffold.yaml')).map((document) => config.parse(document.toJS()));
const platform = modules.find(({ metadata }) => metadata.name === 'platform');
const checks = modules.find(({ metadata }) => metadata.name === 'checks');
if (platform === undefined || checks === undefined) throw new Error('skaffold.yaml lacks a module');

// What has a chart is delivered.
const parts = [...readdirSync(path.join(root, 'services')), 'operator']
  .filter((name) => existsSync(path.join(root, 'charts', name)))
  .toSorted();
const targets = [...read('Dockerfile').matchAll(/^FROM .* AS ([\w-]+)$/gm)].map((match) => match[1]);
const umbrella = z
  .object({ dependencies: z.array(z.object({ name: z.string() })) })
  .parse(parse(read('charts/evently/Chart.yaml')));

test('every part of the platform is an artifact of the one Dockerfile', () => {
  const artifacts = platform.build.artifacts;
  expect(new Set(artifacts.map(({ docker }) => docker.buildArgs?.['SERVICE']))).toEqual(new Set(parts));
  expect(artifacts).toHaveLength(parts.length);
  for (const { image, docker } of artifacts) {
    expect(image).toBe(`evently/${docker.buildArgs?.['SERVICE']}`);
    expect([docker.dockerfile, targets.includes(docker.target)]).toEqual(['Dockerfile', true]);
  }
});

test('each chart gets the repository and the tag of its own artifact', () => {
  const [installed] = platform.deploy?.helm.releases ?? [];
  // Charts of what runs: a library and a chart of dashboards have no image.
  const charts = umbrella.dependencies.map(({ name }) => name).filter((name) => parts.includes(name));
  const wanted = charts.flatMap((name) => [
    [`${name}.image.repository`, `{{.IMAGE_REPO_evently_${name}}}`],
    [`${name}.image.tag`, `{{.IMAGE_TAG_evently_${name}}}`],
  ]);
  expect(installed?.setValueTemplates).toEqual(Object.fromEntries(wanted));
  expect(charts.toSorted()).toEqual(parts);
});

test('the profile dev builds the target dev, and copies every source to where the image has it', () => {
  const dev = platform.profiles?.find(({ name }) => name === 'dev');
  const patches = new Map(dev?.patches?.map((one) => [one.path, one]));
  expect(dev?.activation).toEqual([{ command: 'dev' }]);
  for (const index of platform.build.artifacts.keys()) {
    expect(patches.get(`/build/artifacts/${index}/docker/target`)).toMatchObject({
      op: 'replace',
      value: 'dev',
    });
    const { manual } = sync.parse(patches.get(`/build/artifacts/${index}/sync`)?.value);
    expect(new Set(manual.map(({ dest }) => dest))).toEqual(new Set(['/app']));
    const sources = manual.map(({ src }) => src);
    expect(sources).toEqual(['services/*/src/**/*.ts', 'packages/*/src/**/*.ts', 'operator/src/**/*.ts']);
  }
  expect(targets).toContain('dev');
  expect(read('Dockerfile')).toMatch(/^WORKDIR \/app$/m);
  expect(patches.get('/deploy/helm/releases/0/setValues')?.value).toEqual({ 'global.writableRoot': true });
});

test('the profiles ci, minimal and opensearch exist; ci copies nothing, the others have values', () => {
  const ci = platform.profiles?.find(({ name }) => name === 'ci');
  expect(ci?.build).toMatchObject({ tagPolicy: { gitCommit: {} }, local: { push: true } });
  for (const wanted of ['minimal', 'opensearch']) {
    const profile = platform.profiles?.find(({ name }) => name === wanted);
    const values = profile?.patches?.map(({ value }) => value).filter((value) => typeof value === 'string');
    expect(values).toEqual([`k8s/dev/values-${wanted}.yaml`]);
    expect(values?.every((file) => existsSync(path.join(root, file)))).toBe(true);
  }
});

test('what it names is there: values, Jobs, scripts', () => {
  const files = [
    ...(platform.deploy?.helm.releases ?? []).flatMap(({ chartPath, valuesFiles }) => [
      chartPath,
      ...valuesFiles,
    ]),
    ...(checks.verify ?? []).map(({ executionMode }) => executionMode.kubernetesCluster.jobManifestPath),
    ...(checks.verify ?? []).flatMap(({ container }) =>
      container.args.filter((arg) => arg.startsWith('/load/')).map((arg) => arg.slice(1)),
    ),
  ];
  expect(files.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  expect(checks.verify?.map(({ name }) => name)).toEqual(['smoke', 'readers']);
});

test('forwarded ports are those of the services', () => {
  const facts = z.object({ port: z.int(), metricsPort: z.int() });
  for (const { resourceType, resourceName, port } of platform.portForward ?? []) {
    const { port: http, metricsPort } = facts.parse(parse(read(`charts/${resourceName}/service.yaml`)));
    expect([resourceName, port]).toEqual([resourceName, resourceType === 'service' ? http : metricsPort]);
  }
});

test('a member that Skaffold does not know is refused', () => {
  const [first] = parseAllDocuments(read('skaffold.yaml'));
  const document = z.record(z.string(), z.unknown()).parse(first?.toJS());
  expect(config.safeParse({ ...document, portForwards: [] }).success).toBe(false);
  expect(config.safeParse({ ...document, apiVersion: 'skaffold/v4beta14' }).success).toBe(false);
});
