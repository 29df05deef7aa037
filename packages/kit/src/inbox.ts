/** The receiving end of messages: each one takes effect once, and a poisoned one is put aside. */
import { strict as assert } from 'node:assert';
import type { ClientBase } from 'pg';
import type { Delivery, Handler, Message } from './bus.ts';
import { DeadlinePassed, monotonicMs, withDeadline } from './clock.ts';
import type { Logger } from './log.ts';
import { DatabaseUnavailable, isDatabaseUnavailable, type Database } from './postgres.ts';

/** Throw it from a handler when something it needs is away: the message waits and is never put aside. */
export class TryLater extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'TryLater';
  }
}

const maxAttempts = 5;
const workDeadlineMs = 10_000;
/** After this long a handler begins nothing more; with the deadline of the last it stays below the bus's. */
const handlerBudgetMs = 25_000;

export type ConsumerDeps = {
  db: Database;
  log: Logger;
  /** How long the work of one transaction may take; 10 s unless told. */
  deadlineMs?: number;
};

export type BatchWork<T> = {
  /** Takes messages that are new to this consumer, in order, in the transaction of their marks. */
  work: (client: ClientBase, messages: readonly Message[]) => Promise<T>;
  /** Told what `work` answered once that is committed. */
  committed?: (result: T) => void;
  /** Messages of different groups never share a transaction. Those of one key stay in the group of the first. */
  groupOf?: (message: Message) => string;
};

/**
 * A handler that runs `work` in one transaction per batch, with the marks that its messages were handled. A
 * repeated message does nothing. When the transaction fails, its messages are handled one by one, and so is
 * from the start every key with a message that failed before: a poisoned one fails alone. After five failures
 * that are not an outage a message goes to `dead_letters`.
 */
export function consumeBatch<T>(deps: ConsumerDeps, consumer: string, batchWork: BatchWork<T>): Handler {
  const handle = (messages: readonly Message[]): Promise<void> =>
    handleTogether(deps, consumer, batchWork, messages);
  const alone = (message: Message): Promise<void> =>
    handle([message]).catch((error: unknown) => putAside(deps, consumer, message, error));
  const together = (group: readonly Message[]): Promise<void> =>
    handle(group).catch((error: unknown) => {
      deps.log.info({ consumer, messages: group.length, err: String(error) }, 'a batch goes one by one');
      throw error;
    });
  return async (messages) => {
    const progress = createProgress();
    const suspects = new Set(messages.filter(({ attempt }) => attempt > 1).map(({ key }) => key));
    const clean = messages.filter(({ key }) => !suspects.has(key));
    for (const group of groupsOf(clean, batchWork.groupOf)) {
      if (group.length > 1 && (await progress.tryTogether(group, together))) continue;
      for (const message of group) await progress.tryAlone(message, alone);
    }
    for (const message of messages) if (suspects.has(message.key)) await progress.tryAlone(message, alone);
    return progress.delivery;
  };
}

/** As `consumeBatch`, for work that looks at one message at a time: they still share a transaction. */
export function consume(
  deps: ConsumerDeps,
  consumer: string,
  work: (client: ClientBase, message: Message) => Promise<void>,
): Handler {
  return consumeBatch(deps, consumer, {
    work: async (client, messages) => {
      for (const message of messages) await work(client, message);
    },
  });
}

/** A handler that looks at one message at a time and keeps no inbox: its effect must bear repetition. */
export function oneByOne(consumer: string, handle: (message: Message) => Promise<void>): Handler {
  return async (messages) => {
    const progress = createProgress();
    for (const message of messages)
      await progress.tryAlone(message, () => withDeadline(handle(message), workDeadlineMs, consumer));
    return progress.delivery;
  };
}

/** Messages of other types are passed over: they count as handled and leave no mark in the inbox. */
export function onlyTypes(types: readonly string[], handle: Handler): Handler {
  return async (messages) => {
    const wanted = messages.filter((message) => types.includes(message.type));
    const passed = messages.filter((message) => !types.includes(message.type)).map((message) => message.id);
    if (wanted.length === 0) return { handled: new Set(passed), failed: new Map() };
    const { handled, failed } = await handle(wanted);
    return { handled: new Set([...handled, ...passed]), failed };
  };
}

type Progress = {
  delivery: Delivery;
  /** True when `work` has handled the group, or when there is no use in trying its messages alone. */
  tryTogether: (
    group: readonly Message[],
    work: (messages: readonly Message[]) => Promise<void>,
  ) => Promise<boolean>;
  tryAlone: (message: Message, work: (message: Message) => Promise<void>) => Promise<void>;
};

/** What a handler has done so far, and what it still may begin: no key that failed, nothing when time is up. */
function createProgress(): Progress {
  const handled = new Set<string>();
  const failed = new Map<string, unknown>();
  const held = new Set<string>();
  const endMs = monotonicMs() + handlerBudgetMs;
  let away: DatabaseUnavailable | null = null;
  const mayBegin = (): boolean => away === null && monotonicMs() < endMs;
  function fail({ id, key }: Message, error: unknown): void {
    failed.set(id, error);
    held.add(key);
    // There is no connection to be had: the others wait as well instead of asking one after another.
    if (error instanceof DatabaseUnavailable) away = error;
  }
  return {
    delivery: { handled, failed },
    tryTogether: async (group, work) => {
      if (!mayBegin()) return false;
      try {
        await work(group);
        for (const { id } of group) handled.add(id);
        return true;
      } catch (error) {
        if (error instanceof DatabaseUnavailable) away = error;
        return false;
      }
    },
    tryAlone: async (message, work) => {
      if (held.has(message.key)) return;
      if (away !== null) return fail(message, away);
      if (!mayBegin()) return void held.add(message.key);
      await work(message).then(
        () => void handled.add(message.id),
        (error: unknown) => fail(message, error),
      );
    },
  };
}

function groupsOf(messages: readonly Message[], groupOf: BatchWork<unknown>['groupOf']): Message[][] {
  if (groupOf === undefined) return messages.length === 0 ? [] : [[...messages]];
  const groupOfKey = new Map<string, string>();
  for (const message of messages)
    if (!groupOfKey.has(message.key)) groupOfKey.set(message.key, groupOf(message));
  return [...Map.groupBy(messages, (message) => groupOfKey.get(message.key)).values()];
}

async function handleTogether<T>(
  deps: ConsumerDeps,
  consumer: string,
  { work, committed }: BatchWork<T>,
  messages: readonly Message[],
): Promise<void> {
  const done = await deps.db.transaction(async (client) => {
    const fresh = await markHandled(client, consumer, messages);
    if (fresh.length === 0) return null;
    const deadlineMs = deps.deadlineMs ?? workDeadlineMs;
    const result = withDeadline(work(client, fresh), deadlineMs, consumer).catch(async (error: unknown) => {
      if (error instanceof DeadlinePassed) await endSession(client);
      throw error;
    });
    return { result: await result };
  });
  if (done !== null) committed?.(done.result);
}

/** Work that is late may still send statements: its session must not be there for them, nor hold its locks. */
async function endSession(client: ClientBase): Promise<void> {
  await client.query('select pg_terminate_backend(pg_backend_pid())').catch(() => {});
}

/** Marks the messages and answers those that had no mark, each once, in order. The marks lock nothing else. */
async function markHandled(
  client: ClientBase,
  consumer: string,
  messages: readonly Message[],
): Promise<Message[]> {
  const { rows } = await client.query<{ message_id: string }>({
    name: 'mark-handled',
    text: `insert into inbox (consumer, message_id)
           select $1, m.id from unnest($2::uuid[]) m(id)
           on conflict do nothing
           returning message_id`,
    values: [consumer, messages.map((message) => message.id)],
  });
  const marked = new Set(rows.map((row) => row.message_id));
  const fresh = messages.filter(({ id }) => marked.delete(id));
  assert(marked.size === 0, 'every mark belongs to a message of the batch');
  return fresh;
}

/** Throws `error` again while the message may come once more, else keeps it in `dead_letters`. */
async function putAside(
  deps: ConsumerDeps,
  consumer: string,
  message: Message,
  error: unknown,
): Promise<void> {
  if (error instanceof TryLater || isDatabaseUnavailable(error) || message.attempt < maxAttempts) throw error;
  deps.log.error(
    { consumer, message_id: message.id, type: message.type, err: String(error) },
    'a message was put aside',
  );
  await deps.db.query(
    `insert into dead_letters (consumer, message_id, message, error) values ($1, $2, $3, $4)
     on conflict (consumer, message_id) do update set error = excluded.error, replayed_at = null`,
    [consumer, message.id, JSON.stringify(message), String(error).slice(0, 2_000)],
  );
}

/** Puts every dead letter of `db` back into its consumer, one by one; answers how many were handled. */
export async function replayDeadLetters(
  db: Database,
  consumers: Readonly<Record<string, Handler>>,
): Promise<{ handled: number; failed: number }> {
  const { rows } = await db.query<{ id: string; consumer: string; message: Message & { createdAt: string } }>(
    'select id, consumer, message from dead_letters where replayed_at is null order by id limit 1000',
  );
  let handled = 0;
  for (const row of rows) {
    const handle = consumers[row.consumer];
    if (handle === undefined) continue;
    const message = { ...row.message, createdAt: new Date(row.message.createdAt), attempt: 1 };
    const delivery = await handle([message]);
    if (!delivery.handled.has(message.id)) continue;
    await db.query('update dead_letters set replayed_at = clock_timestamp() where id = $1', [row.id]);
    handled += 1;
  }
  return { handled, failed: rows.length - handled };
}
