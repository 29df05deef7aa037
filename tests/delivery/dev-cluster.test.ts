/** The development cluster's files against each other: names, ports, secrets, Pod Security, what keeps sales over a failover. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { releases } from 'evently/cluster/releases';
import { asManifests, clusterSecrets, databases, passwordSecrets, readSecret } from 'evently/cluster/secrets';
import { dependencySteps, runPlatform } from 'evently/cluster/steps';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (at: string): string => readFileSync(path.join(root, at), 'utf8');
const anything = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
});
const documentsOf = (at: string): z.output<typeof anything>[] =>
  parseAllDocuments(read(at)).map((document) => anything.parse(document.toJS()));

const namespaces = documentsOf('k8s/dev/namespaces.yaml');
const manifests = readdirSync(path.join(root, 'k8s/dev')).filter(
  (file) => file.endsWith('.yaml') && !file.includes('values'),
);

describe('namespaces', () => {
  test('restricted Pod Security is enforced wherever our pods and our data are', () => {
    const enforced = namespaces.map(({ metadata }) => [
      metadata.name,
      metadata.labels?.['pod-security.kubernetes.io/enforce'],
    ]);
    expect(Object.fromEntries(enforced)).toEqual({
      evently: 'restricted',
      'evently-data': 'restricted',
      'evently-ingress': 'restricted',
      'cnpg-system': 'restricted',
      monitoring: 'restricted',
      'evently-verify': 'baseline',
    });
  });

  test('every object and every release is in one of them', () => {
    const names = new Set(namespaces.map(({ metadata }) => metadata.name));
    const used = [
      ...manifests.flatMap((file) =>
        documentsOf(`k8s/dev/${file}`).map(({ metadata }) => metadata.namespace),
      ),
      ...documentsOf('k8s/verify/job.yaml').map(({ metadata }) => metadata.namespace),
      ...releases.map(({ namespace }) => namespace),
      ...clusterSecrets(new Map(), () => 'x').map(({ namespace }) => namespace),
    ].filter((name) => name !== undefined);
    expect(used.filter((name) => !names.has(name))).toEqual([]);
  });

  test('each that has pods of ours denies everything first', () => {
    const denied = documentsOf('k8s/dev/policies.yaml')
      .filter(({ metadata }) => metadata.name === 'default-deny')
      .map(({ metadata }) => metadata.namespace);
    expect(new Set(denied)).toEqual(
      new Set(['evently', 'evently-data', 'evently-ingress', 'evently-verify']),
    );
  });
});

const podTemplate = z.looseObject({
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({
        securityContext: z.looseObject({
          runAsNonRoot: z.literal(true),
          seccompProfile: z.object({ type: z.literal('RuntimeDefault') }),
        }),
        containers: z.array(
          z.looseObject({
            image: z.string().regex(/^[\w./-]+:v?\d+\.\d+\.\d+$/),
            securityContext: z.looseObject({
              allowPrivilegeEscalation: z.literal(false),
              readOnlyRootFilesystem: z.literal(true),
              capabilities: z.object({ drop: z.tuple([z.literal('ALL')]) }),
            }),
          }),
        ),
      }),
    }),
  }),
});

test('what we run there ourselves is restricted, with an image of one version', () => {
  const deployments = manifests
    .flatMap((file) => documentsOf(`k8s/dev/${file}`))
    .filter(({ kind }) => kind === 'Deployment');
  expect(deployments.map(({ metadata }) => metadata.name).toSorted()).toEqual(['mailpit', 'traefik']);
  for (const deployment of deployments) podTemplate.parse(deployment);
});

describe('PostgreSQL', () => {
  const [cluster, ...databaseObjects] = documentsOf('k8s/dev/postgres.yaml');
  const spec = z
    .looseObject({
      instances: z.int(),
      imageName: z.string(),
      postgresql: z.looseObject({ synchronous: z.unknown(), parameters: z.record(z.string(), z.string()) }),
      managed: z.object({
        roles: z.array(
          z.object({
            name: z.string(),
            login: z.literal(true),
            passwordSecret: z.object({ name: z.string() }),
          }),
        ),
      }),
    })
    .parse(cluster?.['spec']);

  test('of three, one replica has every commit before it is acknowledged, and no failover without that replica', () => {
    expect([spec.instances, spec.imageName]).toEqual([3, expect.stringContaining('postgresql:18')]);
    expect(spec.postgresql.synchronous).toEqual({
      method: 'any',
      number: 1,
      dataDurability: 'required',
      failoverQuorum: true,
    });
    expect(Object.keys(spec.postgresql.parameters)).not.toContain('synchronous_commit');
  });

  test('each service has a role, a database of its own and a Secret of its password', () => {
    const secrets = clusterSecrets(new Map(), () => 'x');
    for (const name of databases) {
      const role = spec.managed.roles.find((one) => one.name === `evently_${name}`);
      const secret = secrets.find((one) => one.name === role?.passwordSecret.name);
      expect(secret).toMatchObject({ namespace: 'evently-data', type: 'kubernetes.io/basic-auth' });
      expect(secret?.values['username']).toBe(role?.name);
      expect(databaseObjects.map((one) => one['spec'])).toContainEqual({
        name: `evently_${name}`,
        owner: `evently_${name}`,
        cluster: { name: 'postgres' },
      });
    }
    expect(spec.managed.roles).toHaveLength(databases.length);
  });

  test('the charts are told of the connections that it takes', () => {
    const values = z
      .looseObject({
        global: z.looseObject({ postgres: z.looseObject({ maxConnections: z.int(), caSecret: z.string() }) }),
      })
      .parse(parse(read('charts/evently/values-kind.yaml'), { merge: true }));
    expect(values.global.postgres).toMatchObject({
      maxConnections: Number(spec.postgresql.parameters['max_connections']),
      caSecret: 'evently-postgres-ca',
    });
  });
});

describe('Secrets', () => {
  test('each password is random, kept from one run to the next, and in every address that needs it', () => {
    let made = 0;
    const first = clusterSecrets(new Map(), () => `password-${(made += 1)}`);
    expect(made).toBe(passwordSecrets.length);
    const present = new Map(first.map(({ namespace, name, values }) => [`${namespace}/${name}`, values]));
    const again = clusterSecrets(present, () => 'never');
    expect(again).toEqual(first);
    const urls = first.find(({ name }) => name === 'evently-postgres')?.values ?? {};
    expect(Object.keys(urls).toSorted()).toEqual(
      databases.flatMap((name) => [`${name}-replica-url`, `${name}-url`]).toSorted(),
    );
    const booking = new URL(urls['booking-url'] ?? '');
    expect([
      booking.username,
      booking.pathname,
      booking.hostname,
      booking.searchParams.get('sslmode'),
    ]).toEqual(['evently_booking', '/evently_booking', 'postgres-rw.evently-data.svc', 'verify-full']);
    expect(new URL(urls['event-replica-url'] ?? '').hostname).toBe('postgres-ro.evently-data.svc');
  });

  test('what kubectl prints is read back, and a Secret that is not there is none', () => {
    const coded = { password: Buffer.from('p').toString('base64') };
    expect(readSecret(JSON.stringify({ kind: 'Secret', data: coded }))).toEqual({ password: 'p' });
    expect(readSecret('')).toBeNull();
    expect(JSON.parse(asManifests(clusterSecrets(new Map(), () => 'x')))).toMatchObject({ kind: 'List' });
  });
});

test('what stands in front of the Ingress: one node port, mapped to this machine alone', () => {
  const kind = z
    .object({
      nodes: z.array(
        z.looseObject({ image: z.string(), extraPortMappings: z.array(z.unknown()).optional() }),
      ),
    })
    .parse(parse(read('kind-config.yaml')));
  expect(new Set(kind.nodes.map(({ image }) => image))).toEqual(new Set(['kindest/node:v1.36.4']));
  expect(kind.nodes.flatMap(({ extraPortMappings = [] }) => extraPortMappings)).toEqual([
    { containerPort: 30_080, hostPort: 8_080, listenAddress: '127.0.0.1', protocol: 'TCP' },
  ]);
  expect(read('k8s/dev/traefik.yaml')).toContain('nodePort: 30080');
});

test('make up installs what was asked for, from values that exist, and never a secret by argument', () => {
  const full = dependencySteps({ profile: 'full', extras: ['opensearch', 'mailpit'] });
  const minimal = dependencySteps({ profile: 'minimal', extras: [] });
  const installed = (steps: typeof full): (string | undefined)[] =>
    steps.filter(({ program }) => program === 'helm').map(({ args }) => args[2]);
  expect(installed(full)).toEqual(['cloudnative-pg', 'valkey', 'kube-prometheus-stack', 'opensearch']);
  expect(installed(minimal)).toEqual(['cloudnative-pg', 'valkey']);
  const files = [...full, ...minimal].flatMap(({ args }) => args.filter((arg) => arg.startsWith('k8s/')));
  expect(files.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  expect(JSON.stringify(full)).not.toMatch(/password|secret/i);
  expect(runPlatform({ profile: 'full', extras: ['mailpit'] }).args).not.toContain('--profile');
  expect(runPlatform({ profile: 'minimal', extras: [] }).args).toContain('minimal');
  expect(runPlatform({ profile: 'minimal', extras: ['opensearch'] }).args).toContain('minimal,opensearch');
  expect(full.flatMap(({ args }) => args)).toContain('k8s/dev/opensearch-policy.yaml');
  expect(minimal.flatMap(({ args }) => args)).not.toContain('k8s/dev/opensearch-policy.yaml');
});
