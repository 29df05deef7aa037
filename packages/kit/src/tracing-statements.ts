/** A span for each statement that is sent to PostgreSQL, named by the statement and never by its values. */
import { activeSpan, beginSpan, endFailed } from './tracing.ts';

/**
 * `client` itself while nothing is recorded, else one that makes a span of each query below the span that is active
 * then.
 * @param pool name of the pool: which part of the process asks
 */
export function traceStatements<C extends object>(client: C, pool: string): C {
  if (activeSpan() === null) return client;
  return new Proxy(client, {
    get: (target, property): unknown => {
      const member: unknown = Reflect.get(target, property);
      if (typeof member !== 'function') return member;
      if (property === 'query')
        return (...said: unknown[]) => askInSpan(pool, said[0], () => Reflect.apply(member, target, said));
      return (...args: unknown[]): unknown => Reflect.apply(member, target, args);
    },
  });
}

function askInSpan(pool: string, statement: unknown, ask: () => unknown): unknown {
  const summary = summaryOf(statement);
  const span = beginSpan({
    name: summary,
    kind: 'client',
    attributes: { 'db.system.name': 'postgresql', 'db.query.summary': summary, 'evently.pool': pool },
  });
  if (span === null) return ask();
  try {
    const asked = ask();
    // What is not a promise tells of its end by events; its span says when it was sent.
    if (!(asked instanceof Promise)) {
      span.end();
      return asked;
    }
    return asked.then(
      (result: unknown) => {
        span.end();
        return result;
      },
      (error: unknown) => {
        endFailed(span, error);
        throw error;
      },
    );
  } catch (error) {
    endFailed(span, error);
    throw error;
  }
}

const verb = /^[\s(]*([a-z]+)/i;
const target = /\b(?:from|into|update|table)\s+([a-z_][a-z0-9_.]*)/i;

/**
 * The statement's name, or its first word and the table that it speaks of first: few, however many values there are.
 * @param statement the text, or the object that node-postgres takes
 */
export function summaryOf(statement: unknown): string {
  if (typeof statement === 'string') return summaryOfText(statement);
  if (typeof statement !== 'object' || statement === null) return 'query';
  if ('name' in statement && typeof statement.name === 'string' && statement.name !== '')
    return statement.name;
  return 'text' in statement && typeof statement.text === 'string' ? summaryOfText(statement.text) : 'query';
}

function summaryOfText(text: string): string {
  const first = verb.exec(text)?.[1]?.toLowerCase() ?? 'query';
  const table = target.exec(text)?.[1]?.toLowerCase();
  return table === undefined ? first : `${first} ${table}`;
}
