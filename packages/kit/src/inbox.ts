/** The receiving end of messages: each one takes effect once, and a poisoned one is put aside. */
import type { ClientBase } from 'pg';
import type { Handler, Message } from './bus.ts';
import type { Logger } from './log.ts';
import { isDatabaseUnavailable, type Database } from './postgres.ts';

/** Throw it from a handler when something it needs is away: the message waits and is never put aside. */
export class TryLater extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'TryLater';
  }
}

const maxAttempts = 5;

export type ConsumerDeps = { db: Database; log: Logger };

/**
 * A handler that runs `work` in one transaction with the mark that the message was handled. A repeated
 * message does nothing. After five failures that are not an outage the message goes to `dead_letters`.
 */
export function consume(
  deps: ConsumerDeps,
  consumer: string,
  work: (client: ClientBase, message: Message) => Promise<void>,
): Handler {
  return async (message) => {
    try {
      await deps.db.transaction(async (client) => {
        const marked = await client.query(
          'insert into inbox (consumer, message_id) values ($1, $2) on conflict do nothing',
          [consumer, message.id],
        );
        if (marked.rowCount === 1) await work(client, message);
      });
    } catch (error) {
      if (error instanceof TryLater || isDatabaseUnavailable(error) || message.attempt < maxAttempts)
        throw error;
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
  };
}

/** Puts every dead letter of `db` back into its consumer; answers how many were handled. */
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
    const outcome = await handle({
      ...row.message,
      createdAt: new Date(row.message.createdAt),
      attempt: 1,
    }).then(
      () => true,
      () => false,
    );
    if (!outcome) continue;
    await db.query('update dead_letters set replayed_at = clock_timestamp() where id = $1', [row.id]);
    handled += 1;
  }
  return { handled, failed: rows.length - handled };
}
