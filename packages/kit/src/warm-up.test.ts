import { expect, test } from 'vitest';
import { createLogger } from './log.ts';
import { DatabaseUnavailable } from './postgres.ts';
import { NotWarm, runWarmTask } from './warm-up.ts';

const secret = 'postgres://user:hunter2@db.internal/x';
const lines: string[] = [];
const log = createLogger('test', 'warn', { write: (line: string) => void lines.push(line) });
const run = (work: () => Promise<number>) => runWarmTask(log, 'pages', 20, work);

test('a warm task says what it warmed, a failed one why, without what is not for others to know', async () => {
  expect(await run(() => Promise.resolve(3))).toMatchObject({ task: 'pages', result: 'warm', items: 3 });
  expect(await run(() => Promise.resolve(3))).not.toHaveProperty('error');
  const failures: [unknown, string][] = [
    [new NotWarm('there is no such event'), 'there is no such event'],
    [new DatabaseUnavailable(new Error(secret)), 'the database is not available'],
    [new Error(secret), 'it failed; the log of this process says why'],
  ];
  for (const [failure, error] of failures)
    expect(await run(() => Promise.reject(failure))).toMatchObject({ result: 'failed', items: 0, error });
  expect(lines).toHaveLength(failures.length);
  expect(lines.every((line) => line.includes('a part could not be warmed'))).toBe(true);
});

test('a task that does not end is given up at its deadline', async () => {
  expect(await run(() => new Promise(() => {}))).toMatchObject({
    result: 'failed',
    error: 'pages took longer than 20 ms',
  });
});
