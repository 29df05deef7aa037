import { expect, test } from 'vitest';
import { createTokenStock } from './tokens.ts';

function stockAt(clock: { ms: number }) {
  const issued: string[] = [];
  const stock = createTokenStock(
    (count) => {
      const made = Array.from({ length: count }, (_, at) => `token ${issued.length + at}`);
      issued.push(...made);
      return Promise.resolve(made);
    },
    () => clock.ms,
  );
  return { stock, issued };
}

test('a process is never given a token twice, and another process begins at the first', async () => {
  const { stock, issued } = stockAt({ ms: 0 });
  expect(await stock.take(1, 2)).toEqual(['token 0', 'token 1']);
  expect(await stock.take(1, 2)).toEqual(['token 2', 'token 3']);
  expect(await stock.take(2, 3)).toEqual(['token 0', 'token 1', 'token 2']);
  expect(await stock.take(2, 3)).toEqual(['token 3', 'token 4', 'token 5']);
  expect(issued).toHaveLength(6);
});

test('tokens that are about to expire are given to nobody', async () => {
  const clock = { ms: 0 };
  const { stock } = stockAt(clock);
  await stock.take(1, 2);
  clock.ms = 599_999;
  expect(await stock.take(2, 1)).toEqual(['token 0']);
  await stock.take(1, 1);
  clock.ms = 600_000;
  expect(await stock.take(2, 2)).toEqual(['token 3', 'token 4']);
  expect(await stock.take(1, 2)).toEqual(['token 3', 'token 4']);
});

test('after enough others a process begins again at the first, also within one take', async () => {
  const { stock, issued } = stockAt({ ms: 0 });
  await stock.take(1, 90_000);
  const given = await stock.take(1, 30_000);
  expect(given[9_999]).toBe('token 99999');
  expect(given[10_000]).toBe('token 0');
  expect(await stock.take(1, 1)).toEqual(['token 20000']);
  const many = await stock.take(2, 250_000);
  expect(many[199_999]).toBe('token 99999');
  expect(many[200_000]).toBe('token 0');
  expect(issued).toHaveLength(100_000);
});

test('when the next tokens of a round have expired, new ones follow and not those given last', async () => {
  const clock = { ms: 0 };
  const { stock } = stockAt(clock);
  await stock.take(1, 60_000);
  clock.ms = 300_000;
  await stock.take(1, 40_000);
  expect(await stock.take(1, 1)).toEqual(['token 0']);
  clock.ms = 600_000;
  expect(await stock.take(1, 1)).toEqual(['token 100000']);
});

test('more tokens than one call gives are asked for in several', async () => {
  const { stock } = stockAt({ ms: 0 });
  const given = await stock.take(1, 50_000);
  expect(new Set(given).size).toBe(50_000);
});
