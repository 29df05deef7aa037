/** A small prompt for SQL, where there is no psql: in a pod, or on a machine that has none. */
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import pg from 'pg';
import { alignColumns } from './align-columns.ts';
import { postgresAddress } from './postgres-address.ts';
import { cutStatements } from './sql-statements.ts';

export type SqlPromptOptions = {
  url: string;
  caFile?: string | undefined;
  input: Readable;
  output: Writable;
  complain: (sentence: string) => void;
  /** A person sits there: a prompt is shown, and a fault ends the statement only. Else it ends the run. */
  isInteractive: boolean;
};

const connectMs = 5_000;
const statementMs = 300_000;
const maxRowsShown = 1_000;
const maxTypedCharacters = 1_000_000;

const help = `A statement ends with a semicolon. \\dt lists the tables, \\q leaves.\n`;
const tables = `select table_schema, table_name from information_schema.tables
  where table_schema not in ('pg_catalog', 'information_schema') order by 1, 2`;

/**
 * Runs statements until the input ends or says `\q`; returns the status to exit with. Every statement is one
 * transaction, unless a transaction is begun; the session's statements end after five minutes.
 */
export async function runSqlPrompt(options: SqlPromptOptions): Promise<number> {
  const client = new pg.Client({
    ...postgresAddress(options.url, options.caFile),
    application_name: 'evently-sql-prompt',
    connectionTimeoutMillis: connectMs,
    statement_timeout: statementMs,
    // Values as the server writes them: nothing is turned into a number or a date and back.
    types: { getTypeParser: () => String },
  });
  const lost = new AbortController();
  client.on('error', () => lost.abort());
  try {
    await client.connect();
  } catch (error) {
    options.complain(`PostgreSQL does not answer: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
  try {
    return await converse(client, options, lost.signal);
  } finally {
    // The server may be gone; there is nothing left to do with it.
    await client.end().catch(() => {});
  }
}

async function converse(client: pg.Client, options: SqlPromptOptions, lost: AbortSignal): Promise<number> {
  const { input, output, complain, isInteractive } = options;
  if (isInteractive) output.write(help);
  const lines = createInterface({ input, output, terminal: isInteractive, prompt: 'sql> ' });
  if (isInteractive) lines.prompt();
  let typed = '';
  for await (const line of lines) {
    const command = typed === '' ? line.trim() : '';
    if (command === '\\q') break;
    const cut = command === '\\dt' ? { statements: [tables], rest: '' } : cutStatements(`${typed}${line}\n`);
    typed = cut.rest;
    if (typed.length > maxTypedCharacters) {
      complain(`A statement has at most ${maxTypedCharacters} characters; this one is forgotten.`);
      typed = '';
    }
    if (!(await runAll(client, cut.statements, options)) && !isInteractive) return 1;
    if (lost.aborted) {
      complain('The connection is lost; start the prompt again.');
      return 1;
    }
    lines.setPrompt(typed === '' ? 'sql> ' : '  -> ');
    if (isInteractive) lines.prompt();
  }
  if (typed.trim() === '' || isInteractive) return 0;
  complain('The input ended inside a statement: end it with a semicolon.');
  return 1;
}

/** False at the first statement that fails; those behind it are not run. */
async function runAll(
  client: pg.Client,
  statements: readonly string[],
  { output, complain }: SqlPromptOptions,
): Promise<boolean> {
  for (const text of statements) {
    try {
      output.write(describeResult(await client.query<string[]>({ text, rowMode: 'array' })));
    } catch (error) {
      complain(describeFault(error));
      return false;
    }
  }
  return true;
}

function describeResult({ command, rowCount, fields, rows }: pg.QueryArrayResult<(string | null)[]>): string {
  if (fields.length === 0) return `${[command, rowCount].filter((word) => word !== null).join(' ')}\n`;
  const shown = rows.slice(0, maxRowsShown).map((row) => row.map((value) => value ?? 'null'));
  const table = alignColumns(
    fields.map(({ name }) => name),
    shown,
  );
  const more = rows.length > shown.length ? `, the first ${shown.length} shown` : '';
  return `${table}\n(${rows.length} ${rows.length === 1 ? 'row' : 'rows'}${more})\n`;
}

function describeFault(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof pg.DatabaseError ? `${error.message} (${error.code ?? 'no code'})` : error.message;
}
