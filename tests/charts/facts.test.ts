import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { chartsFolder } from '../../charts/build/render.ts';
import { consumersIn } from '@evently/contracts/messages';
import { streamKey } from '@evently/redis/stream';
import { bookingSettings } from '@evently/booking/config';
import { eventSettings } from '@evently/event/config';
import { paymentSettings } from '@evently/payment/config';
import { searchSettings } from '@evently/search/config';
import { platformSettings } from '@evently/kit/platform';
import { ownConnections } from '@evently/pod/parts';
import { peersOf } from '@evently/pod/plan';
import { bookingPod } from '@evently/booking/pod';
import { eventPod } from '@evently/event/pod';
import { paymentPod } from '@evently/payment/pod';
import { searchPod } from '@evently/search/pod';
import { userPod } from '@evently/user/pod';
import { userSettings } from '@evently/user/config';

const factsSchema = z.strictObject({
  port: z.int(),
  metricsPort: z.literal(9464),
  connectionsBesidePool: z.literal(ownConnections),
  closingSeconds: z.int(),
  calls: z.record(z.string(), z.int()),
  calledBy: z.array(z.string()),
  secrets: z.array(
    z.strictObject({
      env: z.string(),
      secret: z.string(),
      key: z.string(),
      optional: z.boolean().default(false),
    }),
  ),
});
const settingsOf = {
  user: userSettings,
  event: eventSettings,
  booking: bookingSettings,
  payment: paymentSettings,
  search: searchSettings,
} as const;
const names = ['user', 'event', 'booking', 'payment', 'search'] as const;
const facts = Object.fromEntries(
  names.map((name) => [
    name,
    factsSchema.parse(parse(readFileSync(path.join(chartsFolder, name, 'service.yaml'), 'utf8'))),
  ]),
);
const factsOf = (name: string): z.output<typeof factsSchema> => factsSchema.parse(facts[name]);

test.each(names)('the port of %s is the one that the service listens on by itself', (name) => {
  const port = Object.entries(settingsOf[name]).find(
    ([setting]) => setting === `${name.toUpperCase()}_PORT`,
  )?.[1];
  expect(String(factsOf(name).port)).toBe(port?.fallback);
});

test('who calls is let in, and who is let in calls', () => {
  const others = new Set(['operator', 'evently-test']);
  const calls = names.flatMap((from) => Object.keys(factsOf(from).calls).map((to) => `${from} -> ${to}`));
  const letIn = names.flatMap((to) =>
    factsOf(to)
      .calledBy.filter((from) => !others.has(from))
      .map((from) => `${from} -> ${to}`),
  );
  expect(letIn.toSorted()).toEqual(calls.toSorted());
});

const pods = {
  user: userPod,
  event: eventPod,
  booking: bookingPod,
  payment: paymentPod,
  search: searchPod,
} as const;

test('the charts let a pod call exactly those whose addresses it reads, at the port where they listen', () => {
  for (const name of names) {
    const { calls } = factsOf(name);
    expect(Object.keys(calls).toSorted()).toEqual(peersOf(pods[name]).toSorted());
    for (const [to, port] of Object.entries(calls)) expect(port).toBe(factsOf(to).port);
  }
});

const rolesSchema = z.record(
  z.string(),
  z.object({
    cluster_permissions: z.array(z.string()),
    index_permissions: z.tuple([z.object({ index_patterns: z.array(z.string()) })]),
  }),
);

test('the role for OpenSearch is for the alias of the chart, and has no right to the cluster itself', () => {
  const read = (at: string): unknown => parse(readFileSync(path.join(chartsFolder, at), 'utf8'));
  const [role] = Object.values(rolesSchema.parse(read('evently/files/opensearch-role.yml')));
  const { opensearch } = z
    .object({ opensearch: z.object({ alias: z.string() }) })
    .parse(read('search/values.yaml'));
  expect(role?.index_permissions[0].index_patterns).toEqual([opensearch.alias, `${opensearch.alias}-*`]);
  // What is asked of documents at the cluster's level, because one request may name several indices.
  const ofDocuments = /^indices:data\/(read|write)\/[a-z]+$/;
  expect(role?.cluster_permissions.filter((permission) => !ofDocuments.test(permission))).toEqual([]);
  for (const wide of ['cluster:monitor/health', 'cluster_all', '*', 'indices:data/*'])
    expect(wide).not.toMatch(ofDocuments);
});

test.each(names)('every secret that %s has to be given comes from a Secret', (name) => {
  const own = Object.entries({ ...platformSettings, ...settingsOf[name] });
  const secrets = own.filter(([, setting]) => setting.secret === true).map(([setting]) => setting);
  const given = [
    `${name.toUpperCase()}_DATABASE_URL`,
    'EVENTLY_API_KEY',
    'EVENTLY_ACCEPTED_API_KEYS',
    // By a value of its own, for a collector that asks for one.
    'OTEL_EXPORTER_OTLP_HEADERS',
    // By opensearch.user of search.
    'OPENSEARCH_PASSWORD',
    ...factsOf(name).secrets.map(({ env }) => env),
  ];
  expect(secrets.filter((setting) => !given.includes(setting) && !setting.endsWith('_REPLICA_URL'))).toEqual(
    [],
  );
  const needless = factsOf(name).secrets.filter(({ env }) => !secrets.includes(env));
  expect(needless).toEqual([]);
});

test('whoever takes search away is told of every place that it had in Redis', () => {
  const upgrade = readFileSync(path.join(chartsFolder, '../docs/upgrade.md'), 'utf8');
  const rest = consumersIn({ search: false });
  const gone = Object.entries(consumersIn({ search: true })).flatMap(([topic, consumers]) =>
    consumers
      .filter((consumer) => rest[topic]?.includes(consumer) !== true)
      .map((consumer) => `XGROUP DESTROY ${streamKey(topic)} ${consumer}"`),
  );
  expect(gone).not.toEqual([]);
  for (const command of gone) expect(upgrade).toContain(command);
});
