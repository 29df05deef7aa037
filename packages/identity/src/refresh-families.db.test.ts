import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '@evently/kit/clock';
import { newId } from '@evently/kit/ids';
import { createLogger } from '@evently/kit/log';
import { createTestDatabase, type TestDatabase } from '@evently/testkit/postgres';
import { decideRotation } from './domain/refresh-rotation.ts';
import { identityMigrations } from './migrations.ts';
import { createRefreshFamilies, type RefreshFamilies } from './refresh-families.ts';
import { createSeal } from './seal.ts';
import { readToken } from './store/refresh-families.ts';

const poolSize = 8;
let database: TestDatabase;
let families: RefreshFamilies;
beforeAll(async () => {
  database = await createTestDatabase([identityMigrations], { max: poolSize });
  families = createRefreshFamilies({
    db: database.db,
    log: createLogger('test', 'silent'),
    clock: systemClock,
    config: { IDENTITY_REFRESH_TOKEN_SECONDS: 604_800 },
    seal: createSeal('a secret of the tests, 32 characters long'),
  });
});
afterAll(() => database.drop());

const refused = { ok: false, refusal: { kind: 'invalid-refresh-token' } };

async function begin(subjectId = newId(Date.now())): Promise<{ subjectId: string; token: string }> {
  return { subjectId, token: await database.db.transaction((client) => families.begin(client, subjectId)) };
}
async function rotated(token: string): Promise<string> {
  const outcome = await families.rotate(token);
  if (!outcome.ok) throw new Error('the token was refused');
  return outcome.refreshToken;
}
async function makeOlder(subjectId: string, seconds: number): Promise<void> {
  await database.db.query(
    `update refresh_tokens set rotated_at = rotated_at - make_interval(secs => $2), expires_at = expires_at - make_interval(secs => $2)
      where family_id in (select family_id from refresh_families where subject_id = $1)`,
    [subjectId, seconds],
  );
}

test('a token is exchanged for one of 256 bits that belongs to the same person', async () => {
  const { subjectId, token } = await begin();
  const outcome = await families.rotate(token);
  expect(outcome).toMatchObject({ ok: true, subjectId });
  expect(outcome.ok && outcome.refreshToken).toMatch(/^[\w-]{43}$/);
  expect(outcome.ok && outcome.refreshToken).not.toBe(token);
});

/** Opens every connection of the pool, so that parallel requests really run at the same time. */
async function warmPool(): Promise<void> {
  await Promise.all(Array.from({ length: poolSize }, () => database.db.query('select pg_sleep(0.05)')));
}

test('ten parallel exchanges of one token give one successor', async () => {
  await warmPool();
  for (let round = 0; round < 10; round += 1) {
    const { token } = await begin();
    const successors = await Promise.all(Array.from({ length: 10 }, () => rotated(token)));
    expect(new Set(successors).size).toBe(1);
    expect(await rotated(successors[0] ?? '')).not.toBe(successors[0]);
  }
});

test('negative control: without the lock two exchanges of one token both find it unused', async () => {
  const { token } = await begin();
  const hash = createHash('sha256').update(token).digest();
  const decisions = await database.db.transaction((one) =>
    database.db.transaction(async (two) => [
      decideRotation(false, await readToken(one, hash), null),
      decideRotation(false, await readToken(two, hash), null),
    ]),
  );
  expect(decisions).toEqual(['rotate', 'rotate']);
});

test('a parent that comes back after ten seconds ends the family', async () => {
  const { subjectId, token } = await begin();
  const child = await rotated(token);
  await makeOlder(subjectId, 11);
  expect(await families.rotate(token)).toEqual(refused);
  expect(await families.rotate(child)).toEqual(refused);
});

test('a grandparent ends the family, however quick it comes', async () => {
  const { token } = await begin();
  const child = await rotated(token);
  const grandchild = await rotated(child);
  expect(await families.rotate(token)).toEqual(refused);
  expect(await families.rotate(child)).toEqual(refused);
  expect(await families.rotate(grandchild)).toEqual(refused);
});

test('reuse in one family leaves the other devices signed in', async () => {
  const first = await begin();
  const second = await begin(first.subjectId);
  await rotated(await rotated(first.token));
  expect(await families.rotate(first.token)).toEqual(refused);
  expect(await rotated(second.token)).toMatch(/^[\w-]{43}$/);
});

test('a token runs out after its seven days, by the clock of the database', async () => {
  const { subjectId, token } = await begin();
  await makeOlder(subjectId, 604_799);
  const child = await rotated(token);
  await makeOlder(subjectId, 604_801);
  expect(await families.rotate(child)).toEqual(refused);
});

test('logging out ends the family, twice is no error, and an unknown token changes nothing', async () => {
  const { token } = await begin();
  const child = await rotated(token);
  await families.revoke(child);
  await families.revoke(child);
  expect(await families.rotate(child)).toEqual(refused);
  await families.revoke('x'.repeat(43));
  await families.revoke("' or 1=1 --");
});

test('ending every family of a person ends no other', async () => {
  const [mine, alsoMine, theirs] = [await begin(), await begin(), await begin()];
  await database.db.transaction((client) => families.revokeAll(client, mine.subjectId, 'erased'));
  expect(await families.rotate(mine.token)).toEqual(refused);
  expect(await rotated(alsoMine.token)).toMatch(/^[\w-]{43}$/);
  expect(await rotated(theirs.token)).toMatch(/^[\w-]{43}$/);
});

test('texts that are no tokens are refused without a question to the database', async () => {
  for (const text of [
    '',
    'x',
    'x'.repeat(42),
    `${'x'.repeat(42)}\u0000`,
    'x'.repeat(100_000),
    '%00'.repeat(15),
  ]) {
    expect(await families.rotate(text)).toEqual(refused);
  }
});

test('no token stands in the database in clear', async () => {
  const { token } = await begin();
  const child = await rotated(token);
  const { rows } = await database.db.query<{ text: string }>(
    'select refresh_tokens::text as text from refresh_tokens',
  );
  const dump = rows.map((row) => row.text).join('\n');
  for (const secret of [token, child]) {
    expect(dump).not.toContain(secret);
    expect(dump).not.toContain(Buffer.from(secret).toString('hex'));
    expect(dump).not.toContain(Buffer.from(secret, 'base64url').toString('hex'));
  }
});

test('pruning deletes what ran out more than a day ago and nothing else', async () => {
  const [old, young] = [await begin(), await begin()];
  await database.db.query(
    "update refresh_families set expires_at = now() - interval '25 hours' where subject_id = $1",
    [old.subjectId],
  );
  await families.prune();
  const { rows } = await database.db.query(
    'select subject_id from refresh_families where subject_id = any($1)',
    [[old.subjectId, young.subjectId]],
  );
  expect(rows).toEqual([{ subject_id: young.subjectId }]);
});
