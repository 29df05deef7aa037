/**
 * The newest schema serves the versions before: what the oldest supported one says to its database is kept in
 * `conversations`, and said again. EVENTLY_CONVERSATION=write keeps what this version says, =check compares it.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { createTestDatabase } from '@evently/testkit/postgres';
import { bookingMigrations } from '../src/migrations.ts';
import { conversationSchema, createRecorder, repeatConversation, type Conversation } from './conversation.ts';
import { createFixture } from './fixture.ts';
import { leadWholeLife } from './whole-life.ts';

const folder = fileURLToPath(new URL('conversations', import.meta.url));
const manifest = z.object({ version: z.string() });
const mode = process.env['EVENTLY_CONVERSATION'] ?? '';

async function ownVersion(): Promise<string> {
  const text = await readFile(fileURLToPath(new URL('../package.json', import.meta.url)), 'utf8');
  return manifest.parse(JSON.parse(text)).version;
}

async function readConversation(file: string): Promise<Conversation> {
  return conversationSchema.parse(JSON.parse(await readFile(path.join(folder, file), 'utf8')));
}
const files = (await readdir(folder)).filter((name) => name.endsWith('.json'));

/** What the code of this tree says. */
async function listen(): Promise<Conversation> {
  const recorder = createRecorder();
  const f = await createFixture(
    { BOOKING_SWEEP_MS: '200', BOOKING_SOLD_OUT_MEMORY_MS: '0' },
    null,
    recorder.listenTo,
  );
  try {
    await leadWholeLife(f);
    expect(await f.broken()).toEqual([]);
  } finally {
    await f.close();
  }
  return recorder.conversation(await ownVersion());
}

/** One statement and one step a line, so that a change of them can be read. */
function layOut({ version, began, statements, steps }: Conversation): string {
  const lines = (items: readonly unknown[]): string => items.map((item) => JSON.stringify(item)).join(',\n');
  return `{"version":${JSON.stringify(version)},"began":${JSON.stringify(began)},\n"statements":[\n${lines(statements)}\n],\n"steps":[\n${lines(steps)}\n]}\n`;
}

/** Says `conversation` to the newest schema, changed by `change` first. */
async function repeatOn(conversation: Conversation, change = ''): Promise<string[]> {
  const { db, url, drop } = await createTestDatabase([bookingMigrations]);
  try {
    if (change !== '') await db.query(change);
    return await repeatConversation(url, conversation);
  } finally {
    await drop();
  }
}

const named = ({ statements }: Conversation): Set<string> =>
  new Set(statements.map(({ name }) => name).filter((name) => name !== ''));

async function namesInCode(): Promise<string[]> {
  const store = fileURLToPath(new URL('../src/store', import.meta.url));
  const texts = await Promise.all(
    (await readdir(store)).map((name) => readFile(path.join(store, name), 'utf8')),
  );
  return texts.flatMap((text) => [...text.matchAll(/^\s+name: '([\w-]+)'/gm)].map(([, name = '']) => name));
}

/** Statements that only a race, a large event, another service's question, a scrape or a recorded trace says. */
const unsaid = ['list-paid-bookings', 'list-sale-figures', 'read-open-figures', 'reserve-batch-traced'];

test('the kept conversations are of at most three versions, and this one is among them', async () => {
  expect(files.length).toBeLessThanOrEqual(3);
  if (mode === 'write') return;
  expect(files).toContain(`${await ownVersion()}.json`);
});

test('what this version says is understood again, and is all that its code can say', async () => {
  const own = await listen();
  expect((await namesInCode()).filter((name) => !named(own).has(name)).toSorted()).toEqual(unsaid);
  expect(await repeatOn(own)).toEqual([]);
  const file = `${own.version}.json`;
  if (mode === 'write') await writeFile(path.join(folder, file), layOut(own));
  if (mode === 'check') {
    const kept = await readConversation(file);
    const textsOf = (one: Conversation): string[] => one.statements.map(({ text }) => text).toSorted();
    expect(textsOf(kept), 'run "make conversation" and commit what it writes').toEqual(textsOf(own));
  }
});

test.for(files)('the newest schema understands what version %s says', async (file) => {
  expect(await repeatOn(await readConversation(file))).toEqual([]);
});

test.for([
  'alter table bookings rename column currency to coin',
  'alter table bookings add column seat_row text not null',
  'alter table bookings alter column quantity type bigint',
  'alter table event_sales drop column waitlist_used',
  'alter table inventory add constraint small check (capacity < 5)',
  'drop function reserve_batch(uuid, text, integer, uuid, uuid[], uuid[], text[], uuid[], integer[])',
  'alter table outbox alter column created_at drop default, alter column created_at set not null',
  'drop table booking_transitions',
])('a schema that takes something away is found: %s', async (change) => {
  const [file] = files;
  if (file === undefined) throw new Error('no conversation is kept; run "make conversation"');
  expect(await repeatOn(await readConversation(file), change)).toHaveLength(1);
});

test.for([
  'alter table bookings add column seat_row text',
  "alter table bookings add column channel text not null default 'web'",
  'create table seats (event_id uuid, label text)',
  'create index bookings_created on bookings (created_at)',
])('a schema that only adds is understood: %s', async (change) => {
  const [file] = files;
  if (file === undefined) throw new Error('no conversation is kept; run "make conversation"');
  expect(await repeatOn(await readConversation(file), change)).toEqual([]);
});
