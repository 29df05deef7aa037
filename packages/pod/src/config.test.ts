import { expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigError, integer, readSettings, setting } from '@evently/kit/config';
import { readMigrateConfig, readPodConfig, settingsOf, tabulateSettings } from './config.ts';
import type { Environment, PodPlan } from './plan.ts';

const cloakroomSettings = {
  BOOKING_PORT: setting(integer(0, 65_535), { fallback: '8004', unit: 'port', about: 'Port of the service' }),
  BOOKING_DATABASE_URL: setting(z.string().min(1), { secret: true, about: 'Database of the service' }),
};
type Config = { BOOKING_PORT: number; BOOKING_DATABASE_URL: string };

const plan: PodPlan<Config> = {
  name: 'booking',
  settings: cloakroomSettings,
  read: (env) => readSettings(cloakroomSettings, env),
  migrations: [],
  port: (config) => config.BOOKING_PORT,
  connections: () => 4,
  calls: ['payment'],
  create: () => {
    throw new Error('nothing is composed here');
  },
};

const good: Environment = {
  EVENTLY_API_KEY: 'a-key-of-sixteen-characters',
  EVENTLY_ACCEPTED_API_KEYS: 'a-key-of-sixteen-characters',
  REDIS_URL: 'redis://:redis-secret@redis:6379',
  USER_URL: 'http://user:8001/',
  EVENT_URL: 'http://event:8002',
  PAYMENT_URL: 'http://payment:8005',
  BOOKING_DATABASE_URL: 'postgres://evently:postgres-secret@postgres/evently_booking',
};

function faultsOf(env: Environment): readonly string[] {
  try {
    readPodConfig(plan, env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

test('a pod reads its service, its peers and its database', () => {
  const config = readPodConfig(plan, good);
  expect(config.addressOf('user')).toBe('http://user:8001');
  expect(config.addressOf('payment')).toBe('http://payment:8005');
  expect(config.database).toEqual({
    variable: 'BOOKING_DATABASE_URL',
    url: good['BOOKING_DATABASE_URL'],
    caFile: undefined,
  });
  expect([config.replicaUrl, config.own.BOOKING_PORT, config.pod.POD_DRAIN_SECONDS]).toEqual([null, 8004, 5]);
  expect(() => config.addressOf('booking')).toThrow('its plan must name the service');
});

test('all faults are told together, each variable once, and no secret in any', () => {
  const faults = faultsOf({
    ...good,
    EVENTLY_API_KEY: 'short',
    REDIS_URL: 'http://:redis-secret@redis',
    USER_URL: 'user:8001',
    EVENT_URL: undefined,
    BOOKING_DATABASE_URL: 'mysql://evently:postgres-secret@postgres/x',
    BOOKING_PORT: 'eighty',
    METRICS_PORT: '-1',
  });
  expect(faults.map((fault) => fault.split(/:| is/)[0] ?? '').toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
    'BOOKING_DATABASE_URL',
    'BOOKING_PORT',
    'EVENTLY_API_KEY',
    'EVENT_URL',
    'METRICS_PORT',
    'REDIS_URL',
    'USER_URL',
  ]);
  expect(faults.join()).not.toMatch(/secret|short/);
});

test('a missing database is one fault, though both the service and the pod look for it', () => {
  expect(faultsOf({ ...good, BOOKING_DATABASE_URL: undefined })).toEqual([
    'BOOKING_DATABASE_URL is not set: Database of the service',
  ]);
});

test.each([
  ['postgres://postgres', /must be a URL such as postgres:/],
  ['postgres://user:p#ss@postgres/x', /percent-encode the password/],
])('the database URL %s is refused', (url, says) => {
  expect(faultsOf({ ...good, BOOKING_DATABASE_URL: url }).join()).toMatch(says);
});

test("an authority for Redis's certificate needs TLS in its address", () => {
  const withFile = { ...good, REDIS_CA_FILE: '/etc/redis/ca.pem' };
  expect(faultsOf(withFile).join()).toContain('rediss://');
  expect(faultsOf({ ...withFile, REDIS_URL: 'rediss://redis:6379' })).toEqual([]);
});

test('a migration needs the database and nothing else', () => {
  const only = { BOOKING_DATABASE_URL: good['BOOKING_DATABASE_URL'], POSTGRES_CA_FILE: '/etc/ca.pem' };
  expect(readMigrateConfig(plan, only)).toEqual({
    variable: 'BOOKING_DATABASE_URL',
    url: good['BOOKING_DATABASE_URL'],
    caFile: '/etc/ca.pem',
  });
  expect(() => readMigrateConfig(plan, {})).toThrow('BOOKING_DATABASE_URL is not set');
});

test('the table of settings shows every one with its unit, and no secret', () => {
  const table = tabulateSettings(plan, good);
  for (const name of Object.keys(settingsOf(plan))) expect(table).toContain(`${name} `);
  expect(table).toMatch(/^POD_DRAIN_SECONDS +5 +s$/m);
  expect(table).toMatch(/^BOOKING_DATABASE_URL +\(set, hidden\)$/m);
  expect(table).toMatch(/^BOOKING_DATABASE_REPLICA_URL +\(not set\)$/m);
  expect(table).not.toMatch(/redis-secret|postgres-secret|sixteen/);
});
