/** What a version says to its database, kept with every value, so that later schemas can be asked the same again. */
import pg from 'pg';
import type { ClientBase, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import { z } from 'zod';
import type { Database, Sql } from '@evently/kit/postgres';

const stepSchema = z.object({
  /** Connections: what happens in one transaction happens on one of them. */
  session: z.int(),
  /** Which of `statements`. */
  statement: z.int(),
  values: z.array(z.unknown()),
  rows: z.int().nullable(),
  /** Names and types (their OIDs) of what came back. */
  columns: z.array(z.string()),
  /** The SQLSTATE of a refusal that the version counts on. */
  error: z.string().nullable(),
});
export const conversationSchema = z.object({
  version: z.string(),
  /** When it began: instants close to it are told as if it began now. */
  began: z.iso.datetime(),
  statements: z.array(z.object({ name: z.string(), text: z.string() })),
  steps: z.array(stepSchema),
});
export type Conversation = z.output<typeof conversationSchema>;
type Step = z.output<typeof stepSchema>;

export type Recorder = {
  /** A database that notes everything that is said to `db`. */
  listenTo: (db: Database) => Database;
  conversation: (version: string) => Conversation;
};

export function createRecorder(): Recorder {
  const statements: { name: string; text: string }[] = [];
  const steps: Step[] = [];
  const busy = new Set<number>();
  const began = new Date().toISOString();

  function take(): number {
    let session = 0;
    while (busy.has(session)) session += 1;
    busy.add(session);
    return session;
  }

  function note(session: number, said: Said, outcome: Pick<Step, 'rows' | 'columns' | 'error'>): void {
    let statement = statements.findIndex(({ name, text }) => name === said.name && text === said.text);
    if (statement === -1) statement = statements.push({ name: said.name, text: said.text }) - 1;
    steps.push({ session, statement, values: said.values.map(encode), ...outcome });
  }

  async function noted<R extends QueryResultRow>(
    session: number,
    said: Said,
    ask: () => Promise<QueryResult<R>>,
  ): Promise<QueryResult<R>> {
    try {
      const result = await ask();
      note(session, said, { ...outcomeOf(result), error: null });
      return result;
    } catch (error) {
      note(session, said, { rows: null, columns: [], error: stateOf(error) });
      throw error;
    }
  }

  function listenToClient(client: ClientBase, session: number): ClientBase {
    const query: Sql['query'] = <R extends QueryResultRow>(
      statement: string | QueryConfig,
      values?: unknown[],
    ) => noted(session, saidBy(statement, values), () => client.query<R>(statement, values));
    return new Proxy(client, {
      get: (target, property): unknown => (property === 'query' ? query : Reflect.get(target, property)),
    });
  }

  const control = (text: string): Said => ({ name: '', text, values: [] });
  const nothing = { rows: null, columns: [], error: null };

  function listenTo(db: Database): Database {
    return {
      ...db,
      query: async <R extends QueryResultRow>(statement: string | QueryConfig, values?: unknown[]) => {
        const session = take();
        try {
          return await noted(session, saidBy(statement, values), () => db.query<R>(statement, values));
        } finally {
          busy.delete(session);
        }
      },
      transaction: async (work) => {
        const session = take();
        try {
          const result = await db.transaction((client) => {
            note(session, control('begin'), nothing);
            return work(listenToClient(client, session));
          });
          note(session, control('commit'), nothing);
          return result;
        } catch (error) {
          note(session, control('rollback'), nothing);
          throw error;
        } finally {
          busy.delete(session);
        }
      },
    };
  }

  return { listenTo, conversation: (version) => ({ version, began, statements, steps }) };
}

type Said = { name: string; text: string; values: unknown[] };

function saidBy(statement: string | QueryConfig, values: unknown[] = []): Said {
  if (typeof statement === 'string') return { name: '', text: statement, values };
  return { name: statement.name ?? '', text: statement.text, values: statement.values ?? values };
}

function outcomeOf(result: QueryResult): { rows: number | null; columns: string[] } {
  return {
    rows: result.rowCount,
    columns: result.fields.map(({ name, dataTypeID }) => `${name}:${dataTypeID}`),
  };
}

function stateOf(error: unknown): string {
  return error instanceof pg.DatabaseError ? (error.code ?? '') : '';
}

// JSON knows neither instants nor bytes.
function encode(value: unknown): unknown {
  if (value instanceof Date) return { $date: value.toISOString() };
  if (value instanceof Uint8Array) return { $hex: Buffer.from(value).toString('hex') };
  return Array.isArray(value) ? value.map(encode) : (value ?? null);
}

const dateSchema = z.object({ $date: z.string() });
const bytesSchema = z.object({ $hex: z.string() });

// What is later or earlier than this stands for a date, not for "now" or "in a while".
const closeMs = 40 * 86_400_000;

const instants = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;

function shifted(instant: string, beganMs: number, shiftMs: number): string {
  const atMs = Date.parse(instant);
  return Math.abs(atMs - beganMs) < closeMs ? new Date(atMs + shiftMs).toISOString() : instant;
}

function decode(value: unknown, beganMs: number, shiftMs: number): unknown {
  if (Array.isArray(value)) return value.map((one) => decode(one, beganMs, shiftMs));
  const date = dateSchema.safeParse(value);
  if (date.success) return new Date(shifted(date.data.$date, beganMs, shiftMs));
  // Some statements are given instants as text, also as many of them in one array's text or in a message.
  if (typeof value === 'string')
    return value.replaceAll(instants, (found) => shifted(found, beganMs, shiftMs));
  const bytes = bytesSchema.safeParse(value);
  return bytes.success ? Buffer.from(bytes.data.$hex, 'hex') : value;
}

const statementMs = 5_000;
const lockMs = 2_000;

/**
 * Says the whole conversation again to the database at `url`, in its order, and answers what was understood otherwise
 * than then: an error, another number of rows, other columns. It ends at the first, because what follows rests on it.
 */
export async function repeatConversation(
  url: string,
  { began, statements, steps }: Conversation,
): Promise<string[]> {
  const beganMs = Date.parse(began);
  const shiftMs = Date.now() - beganMs;
  const sessions = new Map<number, pg.Client>();
  async function clientOf(session: number): Promise<pg.Client> {
    const present = sessions.get(session);
    if (present !== undefined) return present;
    const client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: statementMs,
      statement_timeout: statementMs,
      lock_timeout: lockMs,
    });
    client.on('error', () => {});
    await client.connect();
    sessions.set(session, client);
    return client;
  }
  try {
    for (const [at, step] of steps.entries()) {
      const statement = statements[step.statement];
      if (statement === undefined) return [`step ${at}: the file names no statement ${step.statement}`];
      const fault = await repeatStep(await clientOf(step.session), step, {
        text: statement.text,
        values: step.values.map((value) => decode(value, beganMs, shiftMs)),
      });
      if (fault !== null) return [`step ${at}, ${statement.name || statement.text.slice(0, 60)}: ${fault}`];
    }
    return [];
  } finally {
    await Promise.all([...sessions.values()].map((client) => client.end()));
  }
}

async function repeatStep(client: pg.Client, step: Step, said: QueryConfig): Promise<string | null> {
  try {
    const outcome = outcomeOf(await client.query(said));
    if (step.error !== null) return `was refused with ${step.error} and is not any more`;
    const isControl = step.columns.length === 0 && step.rows === null;
    if (isControl) return null;
    if (outcome.rows !== step.rows) return `${step.rows} rows then, ${outcome.rows} now`;
    const [then, now] = [step.columns.join(' '), outcome.columns.join(' ')];
    return then === now ? null : `columns ${then} then, ${now} now`;
  } catch (error) {
    const state = stateOf(error);
    if (state !== '' && state === step.error) return null;
    return error instanceof Error ? error.message : String(error);
  }
}
