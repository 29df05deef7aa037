/** The Secrets of a development cluster: random passwords, and the addresses that are made of them. */
import { z } from 'zod';

export type Secret = {
  namespace: string;
  name: string;
  type: string;
  values: Readonly<Record<string, string>>;
};
/** What the cluster has already, by namespace/name; passwords stay from one run to the next. */
export type Present = ReadonlyMap<string, Readonly<Record<string, string>>>;

export const databases = ['user', 'event', 'search', 'booking', 'payment'] as const;

const dataNamespace = 'evently-data';
const platformNamespace = 'evently';
// Names in the certificate that CloudNativePG makes for its instances.
const primary = `postgres-rw.${dataNamespace}.svc:5432`;
const replicas = `postgres-ro.${dataNamespace}.svc:5432`;

/** Who holds the passwords; everything else is made of them. */
export const passwordSecrets = [
  ...databases.map((name) => ({ namespace: dataNamespace, name: `postgres-${name}`, key: 'password' })),
  { namespace: dataNamespace, name: 'valkey-users', key: 'default' },
  { namespace: 'monitoring', name: 'grafana-admin', key: 'admin-password' },
] as const;

/**
 * All Secrets that must be there before the charts are installed. A password that `present` has is kept: PostgreSQL
 * and Valkey know it already.
 */
export function clusterSecrets(present: Present, newPassword: () => string): Secret[] {
  const passwordOf = (namespace: string, name: string, key: string): string =>
    present.get(`${namespace}/${name}`)?.[key] ?? newPassword();
  const roles = databases.map((name) => ({
    name,
    role: `evently_${name}`,
    password: passwordOf(dataNamespace, `postgres-${name}`, 'password'),
  }));
  const valkey = passwordOf(dataNamespace, 'valkey-users', 'default');
  const urls = roles.flatMap(({ name, role, password }) =>
    [
      [`${name}-url`, primary],
      [`${name}-replica-url`, replicas],
    ].map(([key, host]): [string, string] => [
      key ?? '',
      `postgresql://${role}:${password}@${host}/${role}?sslmode=verify-full`,
    ]),
  );
  return [
    ...roles.map(({ name, role, password }) => ({
      namespace: dataNamespace,
      name: `postgres-${name}`,
      type: 'kubernetes.io/basic-auth',
      values: { username: role, password },
    })),
    opaque(dataNamespace, 'valkey-users', { default: valkey }),
    opaque('monitoring', 'grafana-admin', {
      'admin-user': 'admin',
      'admin-password': passwordOf('monitoring', 'grafana-admin', 'admin-password'),
    }),
    opaque(platformNamespace, 'evently-postgres', Object.fromEntries(urls)),
    opaque(platformNamespace, 'evently-redis', {
      url: `redis://default:${valkey}@valkey.${dataNamespace}.svc:6379`,
    }),
  ];
}

function opaque(namespace: string, name: string, values: Record<string, string>): Secret {
  return { namespace, name, type: 'Opaque', values };
}

/** What kubectl applies. */
export function asManifests(secrets: readonly Secret[]): string {
  const items = secrets.map(({ namespace, name, type, values }) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name, labels: { 'app.kubernetes.io/part-of': 'evently' } },
    type,
    stringData: values,
  }));
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

const secretSchema = z.object({ data: z.record(z.string(), z.string()).default({}) });

/** The values of a Secret as kubectl prints it; nothing for a Secret that is not there. */
export function readSecret(printed: string): Record<string, string> | null {
  if (printed.trim() === '') return null;
  const { data } = secretSchema.parse(JSON.parse(printed));
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );
}
