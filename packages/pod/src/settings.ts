/** Settings that a pod has beside those of the platform and of its service. */
import { z } from 'zod';
import {
  flag,
  integer,
  origins,
  setting,
  type Setting,
  type SettingValues,
  type Settings,
} from '@evently/kit/config';

/** The services that have an address; each is reached by `<NAME>_URL`. */
export type ServiceName = 'user' | 'event' | 'search' | 'booking' | 'payment';

const file = z.string().max(4_096);

const redisUrl = z
  .string()
  .refine(
    (text) => /^rediss?:\/\/./.test(text) && URL.canParse(text),
    'must be an address such as redis://:password@redis:6379, or rediss:// with TLS; percent-encode the password',
  );

/** What PostgreSQL's clients take as a URL; the name of the database is its path. */
export const postgresUrl = z
  .string()
  .refine(
    (text) => /^postgres(ql)?:\/\/./.test(text) && URL.canParse(text) && new URL(text).pathname.length > 1,
    'must be a URL such as postgres://user:password@postgres:5432/database; percent-encode the password',
  );

const address = z
  .url({ protocol: /^https?$/, error: 'must be an http or https address such as http://booking:8004' })
  .transform((text) => text.replace(/\/+$/, ''));

export const podSettings = {
  POD_HOST: setting(z.string().min(1), { fallback: '0.0.0.0', about: 'Address that both ports bind to' }),
  METRICS_PORT: setting(integer(0, 65_535), {
    fallback: '9464',
    unit: 'port',
    about: 'Port of /metrics for Prometheus; 0 picks a free one',
  }),
  POD_DRAIN_SECONDS: setting(integer(0, 300), {
    fallback: '5',
    unit: 's',
    about:
      'How long a pod that was told to end is not ready and still answers, so that nobody is sent to it any more',
  }),
  POD_START_SECONDS: setting(integer(1, 86_400), {
    fallback: '600',
    unit: 's',
    about: 'How long a pod waits for its database and its migrations before it gives up',
  }),
  POSTGRES_CA_FILE: setting(file, {
    fallback: '',
    about: 'PEM file of the authorities that may vouch for PostgreSQL; empty leaves TLS to the database URL',
  }),
  REDIS_URL: setting(redisUrl, {
    secret: true,
    about: 'Redis or Valkey of the platform; a pod starts and sells while it is away',
  }),
  REDIS_CA_FILE: setting(file, {
    fallback: '',
    about: 'PEM file of the authorities that may vouch for Redis, with rediss:// only',
  }),
  POD_WITH_SEARCH: setting(flag(), {
    fallback: '0',
    about: 'Search is part of this installation: the bus keeps each message until search has handled it too',
  }),
  CORS_ORIGINS: setting(origins(), {
    fallback: '',
    about: 'Web origins whose pages may call the interface, comma-separated; credentials are never allowed',
  }),
};
export type PodSettings = SettingValues<typeof podSettings>;

const addressesByName = {
  user: setting(address, { about: "Address of user's Service, for the keys of buyers' tokens" }),
  event: setting(address, { about: "Address of event's Service, for the keys of administrators' tokens" }),
  search: setting(address, { about: "Address of search's Service" }),
  booking: setting(address, { about: "Address of booking's Service" }),
  payment: setting(address, { about: "Address of payment's Service" }),
};

/** One `<NAME>_URL` for each of `names`. */
export function addressSettings(names: readonly ServiceName[]): Record<string, Setting<string>> {
  return Object.fromEntries(names.map((name) => [addressVariable(name), addressesByName[name]]));
}

export function addressVariable(name: ServiceName): string {
  return `${name.toUpperCase()}_URL`;
}

export function databaseVariable(name: ServiceName): string {
  return `${name.toUpperCase()}_DATABASE_URL`;
}

export function replicaVariable(name: ServiceName): string {
  return `${name.toUpperCase()}_DATABASE_REPLICA_URL`;
}

/** The service's own database, with the words of the service and a check that its URL is one. */
export function databaseSetting(name: ServiceName, own: Settings): Record<string, Setting<string>> {
  const variable = databaseVariable(name);
  const about = own[variable]?.about ?? `PostgreSQL database of the ${name} service`;
  return { [variable]: setting(postgresUrl, { secret: true, about }) };
}

/** A copy of it that follows with a delay. */
export function replicaSetting(name: ServiceName): Record<string, Setting<string>> {
  return {
    [replicaVariable(name)]: setting(z.literal('').or(postgresUrl), {
      fallback: '',
      secret: true,
      about: `Replica of the ${name} database, for lists and reports only; empty reads them from the database itself`,
    }),
  };
}
