import { expect, test } from 'vitest';
import { askAll, type Question } from './ask-all.ts';

const once = { atSeconds: 1, patienceMs: 0 };
const nothing: readonly { labels: Record<string, string>; value: number }[] = [];

/** Answers by expression; what it does not know is an error of Prometheus. */
function answering(answers: Readonly<Record<string, readonly number[]>>): Parameters<typeof askAll>[0] {
  return {
    query: (expr) => {
      const values = answers[expr];
      return values === undefined
        ? Promise.reject(new Error('bad_data: unexpected end of input'))
        : Promise.resolve(values.length === 0 ? nothing : values.map((value) => ({ labels: {}, value })));
    },
  };
}
const question = (expr: string, expects: Question['expects'] = 'data'): Question => ({
  where: 'Sale: Sold',
  expr,
  expects,
});

test('data is no fault, nor is an emptiness that is listed', async () => {
  const server = answering({ up: [1], down: [] });
  expect(
    await askAll(
      server,
      [question('up'), question('down', { nothing: 'all is well' }), question('down', 'anything')],
      once,
    ),
  ).toEqual([]);
});

test('an error, an empty answer, only values that are none, and a list that is wrong are faults', async () => {
  const server = answering({ up: [1], down: [], ratio: [Number.NaN] });
  const asked = [
    question('up', { nothing: 'nobody is up' }),
    question('down'),
    question('ratio'),
    question('rate('),
  ];
  expect(await askAll(server, asked, once)).toEqual([
    'Sale: Sold: Error: bad_data: unexpected end of input in rate(',
    'Sale: Sold: is listed as empty (nobody is up) and has data: up',
    'Sale: Sold: no data for down',
    'Sale: Sold: no data for ratio',
  ]);
});

test('what is empty at first is asked again, and wrong ones are not', async () => {
  const asked: (number | undefined)[] = [];
  const server: Parameters<typeof askAll>[0] = {
    query: (_expr, atSeconds) => {
      asked.push(atSeconds);
      return Promise.resolve(asked.length > 1 ? [{ labels: {}, value: 1 }] : nothing);
    },
  };
  expect(await askAll(server, [question('late')], { atSeconds: 7, patienceMs: 10_000 })).toEqual([]);
  expect(asked).toEqual([7, undefined]);
});
