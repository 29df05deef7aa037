import { createLogger } from '@evently/kit/log';
import { expect, test } from 'vitest';
import { createReflector } from './reflector.ts';
import { failing } from './test/fake-api-server.ts';
import {
  afterThis,
  configMaps,
  fakeApiServer,
  fastLimits,
  ourApi,
  ourReflector,
  quietTime,
  shop,
  until,
} from './test/transport-setup.ts';

const milk = { namespace: 'shop', name: 'milk' };

test('a silent watch is replaced by a new list and a new watch', async () => {
  const fake = await fakeApiServer();
  const { reflector, told } = await ourReflector(fake, { idleLimitMs: 60 });
  reflector.start();
  await until(() => told.relists.includes('silent'), 'it lists again');
  await until(() => fake.count('watch') > 1, 'it watches again');
  expect(fake.watches().length).toBeLessThanOrEqual(1);
});

test('a watch with bookmarks is not silent', async () => {
  const fake = await fakeApiServer();
  const { reflector, told } = await ourReflector(fake, { idleLimitMs: 2_000 });
  reflector.start();
  // Beats are much closer than the limit, and all of them take longer than it.
  for (let beat = 0; beat < 16; beat += 1) {
    await until(() => fake.watches().length === 1, 'it watches');
    fake
      .watches()[0]
      ?.send('BOOKMARK', { kind: 'ConfigMap', metadata: { resourceVersion: String(20 + beat) } });
    await quietTime();
  }
  expect(told.relists).toEqual(['start']);
  expect(reflector.lastActivityMs()).toBeLessThan(2_000);
});

test('the list is read again from time to time, and shows what no watch told', async () => {
  const fake = await fakeApiServer();
  fake.put('milk');
  const { reflector, told } = await ourReflector(fake, { relistEveryMs: 100 });
  const kinds: string[] = [];
  reflector.onChange(({ kind }) => void kinds.push(kind));
  reflector.start();
  await until(() => fake.watches().length === 1, 'it watches');
  fake.removeQuietly('milk');
  await until(() => kinds.includes('deleted'), 'the deletion is seen');
  expect(told.relists).toEqual(expect.arrayContaining(['start', 'periodic']));
  expect([kinds, reflector.get(milk), told.restarts]).toEqual([['added', 'deleted'], null, []]);
});

test('a list that is unchanged tells no handler anything', async () => {
  const fake = await fakeApiServer();
  fake.put('milk');
  const { reflector, told } = await ourReflector(fake, { relistEveryMs: 20 });
  let changes = 0;
  reflector.onChange(() => void (changes += 1));
  reflector.start();
  await until(() => told.relists.length > 5, 'it lists often');
  expect(changes).toBe(1);
});

test('an object made anew under its name is a deletion and an addition', async () => {
  const fake = await fakeApiServer();
  fake.put('milk');
  const { reflector } = await ourReflector(fake, { relistEveryMs: 100 });
  const seen: string[] = [];
  reflector.onChange(({ kind, object }) => void seen.push(`${kind} ${object.metadata.uid}`));
  reflector.start();
  await until(() => fake.watches().length === 1, 'it watches');
  fake.removeQuietly('milk');
  fake.decide((request) => (request.verb === 'watch' ? { kind: 'hang' } : null));
  fake.put('milk');
  await until(() => seen.length >= 3, 'both are told');
  expect(seen).toEqual(['added uid-milk-11', 'deleted uid-milk-11', 'added uid-milk-13']);
});

test('what cannot be parsed is counted, keeps its last value, and stops nobody else', async () => {
  const fake = await fakeApiServer();
  fake.put('milk', { litres: '1' });
  fake.put('bread', { litres: 'none' });
  const { api } = await ourApi(fake);
  let unreadable = 0;
  const reflector = createReflector({
    api,
    resource: configMaps,
    scope: shop,
    parse: (object) => {
      const litres = Number(Object.values(object['data'] ?? {})[0]);
      if (Number.isNaN(litres)) throw new Error('litres must be a number');
      return litres;
    },
    log: createLogger('test', 'silent'),
    hooks: { onUnreadable: () => void (unreadable += 1) },
    limits: { ...fastLimits, relistEveryMs: 100 },
  });
  afterThis(() => reflector.stop());
  reflector.start();
  expect(await reflector.synced).toBe(true);
  expect([reflector.list(), unreadable]).toEqual([[1], 1]);
  await until(() => fake.watches().length === 1, 'it watches');
  fake.put('milk', { litres: 'two' });
  fake.put('water', { litres: '5' });
  await until(() => reflector.list().length === 2, 'the good one came');
  expect([reflector.list(), unreadable]).toEqual([[1, 5], 2]);
  // Lists of the same versions do not count them again, nor take them for deleted.
  const listed = fake.count('list');
  await until(() => fake.count('list') > listed + 1, 'it lists again');
  expect([reflector.list(), unreadable]).toEqual([[1, 5], 2]);
});

test('something that is no object at all is counted, and the watch goes on after it', async () => {
  const fake = await fakeApiServer();
  const { reflector, told } = await ourReflector(fake);
  reflector.start();
  await until(() => fake.watches().length === 1, 'it watches');
  fake.watches()[0]?.send('ADDED', { metadata: { name: 'odd', namespace: 'shop', resourceVersion: '11' } });
  fake.raiseVersion(11);
  fake.put('milk');
  await until(() => reflector.get(milk) !== null, 'the next one came');
  expect([told.unreadable, fake.count('watch')]).toEqual([1, 1]);
});

test('it never spins: failures are asked for with growing pauses, up to the maximum', async () => {
  const fake = await fakeApiServer();
  fake.decide((request) =>
    request.verb === 'watch' ? { kind: 'status', status: 410, reason: 'Expired' } : null,
  );
  const { reflector } = await ourReflector(fake, { firstBackoffMs: 100, maxBackoffMs: 30_000 });
  reflector.start();
  await until(() => fake.count('watch') === 4, 'it tries');
  const before = fake.count('watch');
  await quietTime();
  expect(fake.count('watch') - before).toBeLessThanOrEqual(1);
});

test('Retry-After of a watch is obeyed', async () => {
  const fake = await fakeApiServer();
  const headers = { 'retry-after': '60' };
  fake.decide(failing('watch', 1, { kind: 'status', status: 429, headers }));
  const { reflector } = await ourReflector(fake);
  reflector.start();
  await until(() => fake.count('watch') === 1, 'it watches');
  await quietTime();
  expect(fake.count('watch')).toBe(1);
});

test('stop() from within a handler ends all, also what the same list would still tell', async () => {
  const fake = await fakeApiServer();
  for (const name of ['milk', 'bread', 'water']) fake.put(name);
  const { reflector } = await ourReflector(fake);
  const told: string[] = [];
  reflector.onChange(({ key }) => {
    told.push(key.name);
    void reflector.stop();
  });
  reflector.start();
  await reflector.synced;
  await reflector.stop();
  expect([told, fake.count('watch')]).toEqual([['milk'], 0]);
});
