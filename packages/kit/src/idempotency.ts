/** Remembered answers: a repeated key gives the stored answer, in the same transaction as the effect. */
import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';
import type { Database, Sql } from './postgres.ts';

export type Answer = { status: number; body: string };
export type KeyedRequest = {
  /** Who asks; keys of one principal are unknown to every other. */
  principal: string;
  /** The method and route, so that one key may serve two operations. */
  operation: string;
  key: string | undefined;
  fingerprint: string;
};
export type KeyedOutcome = { kind: 'answered'; answer: Answer; replayed: boolean } | { kind: 'key-reused' };

/** SHA-256 of the request's canonical parts. */
export function fingerprintOf(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

class RefusalRollback extends Error {
  readonly answer: Answer;
  constructor(answer: Answer) {
    super('refused');
    this.answer = answer;
  }
}

/**
 * Runs `work` in a transaction. With a key: a second request with the same key and fingerprint gets the
 * first one's stored answer, another fingerprint gets `key-reused`; a twin that runs at the same time
 * waits at the key's row. Answers of 400 and above are rolled back with all they did and not stored.
 */
export async function withIdempotency(
  db: Database,
  request: KeyedRequest,
  work: (client: ClientBase) => Promise<Answer>,
): Promise<KeyedOutcome> {
  try {
    return await db.transaction(async (client) => {
      const stored = request.key === undefined ? null : await claimKey(client, request);
      if (stored !== null) {
        if (stored.fingerprint !== request.fingerprint) return { kind: 'key-reused' };
        return { kind: 'answered', answer: { status: stored.status, body: stored.body }, replayed: true };
      }
      const answer = await work(client);
      if (answer.status >= 400) throw new RefusalRollback(answer);
      if (request.key !== undefined) await storeAnswer(client, request, answer);
      return { kind: 'answered', answer, replayed: false };
    });
  } catch (error) {
    if (error instanceof RefusalRollback) return { kind: 'answered', answer: error.answer, replayed: false };
    throw error;
  }
}

type StoredRow = { fingerprint: string; status: number; body: string };

/** Takes the key's row, waiting for a running twin; answers the stored row when there is one. */
async function claimKey(client: ClientBase, request: KeyedRequest): Promise<StoredRow | null> {
  const names = [request.principal, request.operation, request.key];
  const claimed = await client.query(
    `insert into idempotency_keys (principal, operation, key, fingerprint, status, body)
     values ($1, $2, $3, $4, 0, '') on conflict do nothing`,
    [...names, request.fingerprint],
  );
  if (claimed.rowCount === 1) return null;
  const { rows } = await client.query<StoredRow>(
    'select fingerprint, status, body from idempotency_keys where principal = $1 and operation = $2 and key = $3',
    names,
  );
  return rows[0] ?? null;
}

async function storeAnswer(client: ClientBase, request: KeyedRequest, answer: Answer): Promise<void> {
  await client.query(
    'update idempotency_keys set status = $4, body = $5 where principal = $1 and operation = $2 and key = $3',
    [request.principal, request.operation, request.key, answer.status, answer.body],
  );
}

export type StoredAnswer = { fingerprint: string; answer: Answer };

/** One name for each (principal, operation, key). */
export function keyNameOf(request: KeyedRequest): string {
  return JSON.stringify([request.principal, request.operation, request.key]);
}

/**
 * The answers that are kept for these requests, by `keyNameOf`. For verbs that are done in batches under a
 * lock which every request of one key needs: nothing is claimed here, the lock keeps twins apart.
 */
export async function readAnswers(
  sql: Sql,
  requests: readonly KeyedRequest[],
): Promise<Map<string, StoredAnswer>> {
  if (requests.length === 0) return new Map();
  const { rows } = await sql.query<StoredRow & { principal: string; operation: string; key: string }>({
    name: 'read-answers',
    text: `select k.principal, k.operation, k.key, k.fingerprint, k.status, k.body
             from unnest($1::text[], $2::text[], $3::text[]) r(principal, operation, key)
             join idempotency_keys k on k.principal = r.principal and k.operation = r.operation and k.key = r.key`,
    values: columnsOf(requests),
  });
  return new Map(
    rows.map(({ principal, operation, key, fingerprint, status, body }) => [
      keyNameOf({ principal, operation, key, fingerprint }),
      { fingerprint, answer: { status, body } },
    ]),
  );
}

/** Keeps these answers in the transaction of their effect; none is none. A key that has one is a unique violation. */
export async function writeAnswers(
  client: Sql,
  kept: readonly { request: KeyedRequest; answer: Answer }[],
): Promise<void> {
  if (kept.length === 0) return;
  const requests = kept.map(({ request }) => request);
  await client.query({
    name: 'write-answers',
    text: `insert into idempotency_keys (principal, operation, key, fingerprint, status, body)
           select principal, operation, key, fingerprint, status, body
             from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::text[])
                  k(principal, operation, key, fingerprint, status, body)
            order by principal, operation, key`,
    values: [
      ...columnsOf(requests),
      requests.map((request) => request.fingerprint),
      kept.map(({ answer }) => answer.status),
      kept.map(({ answer }) => answer.body),
    ],
  });
}

function columnsOf(requests: readonly KeyedRequest[]): unknown[] {
  return [
    requests.map((request) => request.principal),
    requests.map((request) => request.operation),
    requests.map((request) => request.key),
  ];
}
