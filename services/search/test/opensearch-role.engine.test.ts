import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import type { Asking } from '@evently/testkit/engines/secured-opensearch';
import { EngineAway, type SearchEngine } from '../src/engine/port.ts';
import { ask, begun, drop, makeDocument, put, stock } from './documents.ts';
import {
  foreign,
  foreignAlias,
  own,
  ownFromForeignAlias,
  ownUnderForeignAlias,
  partlyRefused,
  refusedToSearch,
  searchForeignAlias,
} from './opensearch-rights.ts';
import {
  accountFor,
  createSecuredForTests,
  randomName,
  type Role,
  type Secured,
} from './opensearch-secured.ts';
import { createOnOpenSearch } from './opensearch-service.ts';
import { makeCatalogDocument } from './pretend-catalog.ts';
import { apiKey, search, send, tellDocument, type SearchUnderTest } from './search-service.ts';

const secured = createSecuredForTests();
// Java with the plugin begins in half a minute, on a machine that does something else as well.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });
const forbidden = 403;
const patient = { timeout: 60_000, interval: 100 };

let at: Secured;
const opened: { close: () => Promise<void> }[] = [];
beforeEach(async ({ skip }) => {
  at = await secured.start(skip);
});
afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one.close();
});
afterAll(() => secured.stop());

/** With the settings that a pod has. */
async function openService(env: Readonly<Record<string, string>>): Promise<SearchUnderTest> {
  const under = await createOnOpenSearch(at.url, {
    OPENSEARCH_CA_FILE: at.certificates.rightAuthority,
    OPENSEARCH_USER: at.searcher.user,
    OPENSEARCH_PASSWORD: at.searcher.password,
    ...env,
  });
  opened.push(under);
  await under.service.start();
  return under;
}

/** All that the service ever asks an engine for, on an index of its own. */
async function liveAs(account: Secured['searcher']): Promise<void> {
  const opening = await at.openAs(account);
  opened.push(opening);
  const { engine } = opening;
  const event = makeDocument();
  await engine.prepare();
  await engine.apply([put(event, 1)]);
  await engine.apply([stock(event.eventId, 1, 5), drop(makeDocument().eventId, 1)]);
  await (await engine.rebuild()).abandon();
  const built = await engine.rebuild();
  await built.apply([put(event, 1)]);
  await engine.apply([stock(event.eventId, 2, 4)]);
  await built.publish();
  await built.tidy();
  await expectAnswers(engine, event.eventId);
}

async function expectAnswers(engine: SearchEngine, eventId: string): Promise<void> {
  const entries = (await engine.buckets()).map(({ bucket }) => engine.entries(bucket));
  expect((await Promise.all(entries)).flat()).toMatchObject([{ eventId, stockVersion: 2 }]);
  expect(await engine.count()).toBe(1);
  expect(await engine.ready()).toBe(true);
  for (const typed of ['ragas', 'ragsa', ''])
    expect((await engine.search(ask(typed))).hits).toMatchObject([{ available: 4 }]);
  expect(await engine.suggest(begun('even'))).toEqual(['An Evening of Ragas']);
}

test('with the role of the chart, an index is made, filled, built anew, switched, searched and dropped', () =>
  liveAs(at.searcher));

test('without any right of the role something is missed, and which one is told', async () => {
  const [index] = at.role.index_permissions;
  const without = (right: string): Role => ({
    cluster_permissions: at.role.cluster_permissions.filter((each) => each !== right),
    index_permissions: [
      { ...index, allowed_actions: index.allowed_actions.filter((each) => each !== right) },
    ],
  });
  const name = `limited-${randomName()}`;
  const account = accountFor(name);
  await at.giveRole(name, at.role);
  await at.giveAccount(account, name);
  await liveAs(account);
  for (const right of [...at.role.cluster_permissions, ...index.allowed_actions]) {
    await at.giveRole(name, without(right));
    const missed = await liveAs(account).then(
      () => `nothing misses ${right}`,
      (error: unknown) => (error instanceof EngineAway ? error.message : error),
    );
    expect(missed).toContain(right.replace(/\*$/, ''));
    expect(missed).toContain('charts/evently/files/opensearch-role.yml');
  }
});

describe('beside its index', () => {
  let isFilled = false;
  beforeEach(async () => {
    if (isFilled) return;
    await fill(foreign, { [foreignAlias]: {} });
    await fill(own, {});
    isFilled = true;
  });

  test.each(refusedToSearch)(
    'the user of the role is refused %s, and an administrator may',
    async (_, asking, undo) => {
      const refused = await at.ask(at.searcher, asking);
      expect(refused).toMatchObject({
        status: forbidden,
        body: expect.stringMatching(/no permission/i),
      });
      await expectDone(asking);
      if (undo !== undefined) await expectDone(undo);
    },
  );

  test("its index under somebody else's name opens nothing that this name has", async () => {
    expect((await at.ask(at.searcher, ownUnderForeignAlias)).status).toBe(200);
    expect((await at.ask(at.searcher, searchForeignAlias)).status).toBe(forbidden);
    expect((await at.ask(at.admin, searchForeignAlias)).body).toContain(`"_index":"${foreign}"`);
    await expectDone(ownFromForeignAlias);
  });

  test.each(partlyRefused)(
    'of several indices in one call %s in, only its own is open',
    async (_, asking) => {
      const { body } = await at.ask(at.searcher, asking);
      const [its, others] = partsOf(body);
      expect(its).not.toContain('no permissions for');
      expect(others).toContain('no permissions for');
      expect((await at.ask(at.admin, asking)).body).not.toContain('error":{');
    },
  );

  test('who has no role is refused everything, and a wrong password and none are refused before', async () => {
    const stranger = accountFor(`stranger-${randomName()}`);
    await at.giveAccount(stranger, null);
    const asking = { method: 'POST', path: `/${own}/_search`, body: {} };
    expect((await at.ask(stranger, asking)).status).toBe(forbidden);
    expect((await at.ask({ ...at.searcher, password: 'wrong' }, asking)).status).toBe(401);
    expect((await at.ask(null, asking)).status).toBe(401);
    expect((await at.ask(at.searcher, asking)).status).toBe(200);
  });
});

describe('the service', () => {
  test('is told its account and its authority, and works; another password is a 503 until it is right again', async () => {
    const account = accountFor(`service-${randomName()}`);
    await at.giveAccount(account, 'evently-search');
    const under = await openService({ OPENSEARCH_USER: account.user, OPENSEARCH_PASSWORD: account.password });
    await tellDocument(under, randomUUID(), 1, makeCatalogDocument({ name: 'Jazz Night' }));
    await vi.waitFor(async () => expect((await search(under, 'q=jazz')).total).toBe(1), patient);
    expect((await send(under, 'GET', '/health/ready')).body).toMatchObject({ engine: 'ok' });
    await at.giveAccount({ ...account, password: 'another-password-of-the-tests' }, 'evently-search');
    const refused = await send(under, 'GET', '/api/v1/search?q=jazz');
    expect(refused).toMatchObject({ status: 503, body: { code: 'search_unavailable' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(JSON.stringify(refused.body)).not.toContain(account.user);
    for (const [method, path] of [
      ['POST', '/internal/search/resync'],
      ['GET', '/internal/search/check'],
    ] as const)
      expect(await send(under, method, path, { key: apiKey })).toMatchObject({
        status: 503,
        body: { detail: expect.stringContaining(`it does not know ${account.user} with this password`) },
      });
    await tellDocument(under, randomUUID(), 1, makeCatalogDocument({ name: 'Jazz Morning' }));
    await expectLogged(under, `it does not know ${account.user} with this password`);
    await at.giveAccount(account, 'evently-search');
    await vi.waitFor(async () => expect((await search(under, 'q=jazz')).total).toBe(2), patient);
    expect(under.logs.join('')).not.toContain(account.password);
  });

  test.each([
    ['a wrong password', { OPENSEARCH_PASSWORD: 'wrong' }, 'correct OPENSEARCH_USER and OPENSEARCH_PASSWORD'],
    ['no account', { OPENSEARCH_USER: '', OPENSEARCH_PASSWORD: '' }, 'set OPENSEARCH_USER'],
    ['no authority', { OPENSEARCH_CA_FILE: '' }, 'OPENSEARCH_CA_FILE names the PEM file'],
    ['an alias that the role does not name', { OPENSEARCH_ALIAS: 'elsewhere' }, 'this OPENSEARCH_ALIAS'],
  ])('starts with %s, answers 503 and says what to correct', async (_, env, says) => {
    const under = await openService(env);
    for (const path of ['/api/v1/search?q=jazz', '/api/v1/search/suggestions?q=jazz'])
      expect(await send(under, 'GET', path)).toMatchObject({
        status: 503,
        body: { code: 'search_unavailable' },
      });
    await expectLogged(under, says);
  });

  test('starts with http:// where OpenSearch speaks TLS, answers 503 and says so', async () => {
    const under = await openService({
      OPENSEARCH_URL: at.url.replace('https', 'http'),
      OPENSEARCH_CA_FILE: '',
    });
    expect((await send(under, 'GET', '/api/v1/search?q=jazz')).status).toBe(503);
    await expectLogged(under, 'https://');
  });
});

/** As a warning at least, where somebody looks. */
async function expectLogged(under: SearchUnderTest, says: string): Promise<void> {
  const told = (): string => under.logs.filter((line) => /"level":"?(warn|error|40|50)/.test(line)).join('');
  await vi.waitFor(() => expect(told()).toContain(says), patient);
}

async function expectDone(asking: Asking): Promise<void> {
  const { status, body } = await at.ask(at.admin, asking);
  expect({ isDone: status < 300, status, body }).toMatchObject({ isDone: true });
}

async function fill(index: string, aliases: object): Promise<void> {
  await expectDone({ method: 'PUT', path: `/${index}`, body: { aliases } });
  await expectDone({ method: 'PUT', path: `/${index}/_doc/1?refresh=true`, body: { its: index } });
}

const parts = z.union([
  z.object({ responses: z.array(z.unknown()) }).transform(({ responses }) => responses),
  z.object({ docs: z.array(z.unknown()) }).transform(({ docs }) => docs),
  z.object({ items: z.array(z.unknown()) }).transform(({ items }) => items),
]);
function partsOf(body: string): string[] {
  return parts.parse(JSON.parse(body)).map((part) => JSON.stringify(part));
}
