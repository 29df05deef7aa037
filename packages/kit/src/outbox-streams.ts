/** Rows of `outbox_streams`: how far a topic's messages have come, and which to publish again when they are lost. */
import type { Sql } from './postgres.ts';

export type StreamProgress = {
  /** The place of the last message that is marked as published. */
  lastPlace: string;
  /** Once all consumers have passed it, what was published up to then is handled. */
  nextPlace: string;
  /** Everything that is marked as published is known to be handled. */
  isSettled: boolean;
};

type ProgressRow = { last_place: string; next_place: string; is_settled: boolean };

/**
 * The progress of `topic`, begun at `place` when there is none: what another bus has published before is its
 * business. Called under the relay's lock only, like everything here.
 */
export async function readStreamProgress(
  relay: Sql,
  topic: string,
  place: string,
): Promise<StreamProgress & { isNew: boolean }> {
  const known = await relay.query<ProgressRow>({
    name: 'stream-progress',
    text: `select last_place, next_place, next_place = last_place and handled_until = next_until as is_settled
             from outbox_streams where topic = $1`,
    values: [topic],
  });
  const row = known.rows[0];
  if (row !== undefined)
    return {
      lastPlace: row.last_place,
      nextPlace: row.next_place,
      isSettled: row.is_settled,
      isNew: false,
    };
  await relay.query({
    text: `insert into outbox_streams (topic, last_place, handled_until, next_place, next_until)
           select $1, $2, l.until, $2, l.until from (${latestPublished}) l`,
    values: [topic, place],
  });
  return { lastPlace: place, nextPlace: place, isSettled: true, isNew: true };
}

export async function findStreamTopics(relay: Sql): Promise<string[]> {
  const { rows } = await relay.query<{ topic: string }>({
    name: 'stream-topics',
    text: 'select topic from outbox_streams order by topic',
  });
  return rows.map((row) => row.topic);
}

export async function savePublished(relay: Sql, topic: string, lastPlace: string): Promise<void> {
  await relay.query({
    name: 'stream-published',
    text: 'update outbox_streams set last_place = $2 where topic = $1',
    values: [topic, lastPlace],
  });
}

/**
 * All consumers have passed the next place, or `everything`: what was published until then is handled. The next
 * place is now the last one: `published_at` rises with every batch (outbox.ts), so it divides what is in the stream
 * up to there from what comes after.
 */
export async function saveHandled(relay: Sql, topic: string, everything: boolean): Promise<void> {
  await relay.query({
    name: 'stream-handled',
    text: `update outbox_streams s
              set handled_until = case when $2 then greatest(l.until, s.next_until) else s.next_until end,
                  next_place = s.last_place, next_until = greatest(l.until, s.next_until)
             from (${latestPublished}) l
            where s.topic = $1`,
    values: [topic, everything],
  });
}

const replayPiece = 5_000;

/**
 * The stream has only reached `place`: every message that was published and perhaps not handled by all is
 * waiting again, in its old order. Answers how many.
 */
export async function publishAgain(relay: Sql, topic: string, place: string): Promise<number> {
  let count = 0;
  let piece = replayPiece;
  // Piece by piece, so that no statement meets its time-out; they are one transaction.
  while (piece === replayPiece) {
    const { rowCount } = await relay.query({
      name: 'stream-again',
      text: `update outbox set published_at = null, next_attempt_at = null
              where position = any(array(
                select o.position
                  from outbox o
                  join outbox_streams s on s.topic = o.topic
                 where o.topic = $1 and o.published_at > s.handled_until
                 order by o.published_at
                 limit ${replayPiece}))`,
      values: [topic],
    });
    piece = rowCount ?? 0;
    count += piece;
  }
  await relay.query({
    name: 'stream-lost',
    text: `update outbox_streams
              set last_place = $2, next_place = $2, next_until = handled_until
            where topic = $1`,
    values: [topic, place],
  });
  return count;
}

/** When the last batch was published; the beginning of time when none was. */
const latestPublished = `select coalesce(max(published_at), '-infinity') as until from outbox`;
