import { expect, test } from 'vitest';
import type { Answer } from 'evently/generator/open-loop';
import { createCollector, type CollectOptions } from './collect-answers.ts';

const usual: CollectOptions = {
  quantityOf: () => 1,
  buyerOf: (index) => index,
  obeysRetryAfter: true,
  repeatsUnanswered: false,
};
const idOf = (number: number): string => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;

function answered(index: number, status: number, text: string, head = 'HTTP/1.1 200 OK'): Answer {
  const response = { status, head, body: Buffer.from(text), keepsOpen: true };
  return {
    index,
    intendedMs: index,
    endedMs: index + 5,
    latencyMs: 5,
    outcome: { kind: 'answered', response },
  };
}
const sale = (index: number, id: number): Answer =>
  answered(index, 200, `{"reservation_id":"${idOf(id)}","status":"pending"}`);
const unanswered: Answer = {
  index: 0,
  intendedMs: 0,
  endedMs: 1,
  latencyMs: 1,
  outcome: { kind: 'disconnected', reason: 'gone' },
};

test('seats of distinct reservations are sold, the same id to the same buyer is a stored answer', () => {
  const collector = createCollector({ ...usual, buyerOf: () => 7, quantityOf: () => 3 });
  for (const answer of [sale(0, 1), sale(1, 2), sale(2, 1)]) collector.onAnswer(answer);
  expect(collector.collected()).toMatchObject({
    sold: 6,
    replayed: 1,
    duplicates: 0,
    reservationIds: [idOf(1), idOf(2)],
    lastSaleMs: 6,
  });
});

test('one reservation given to two buyers is found', () => {
  const collector = createCollector(usual);
  for (const answer of [sale(0, 1), sale(1, 1)]) collector.onAnswer(answer);
  expect(collector.collected()).toMatchObject({ sold: 1, duplicates: 1 });
});

test('a refused buyer who came before a winner was overtaken', () => {
  const collector = createCollector(usual);
  collector.onAnswer(answered(0, 409, '{"code":"sold_out"}'));
  collector.onAnswer(sale(1, 1));
  const { fairness, answers, losers, winners } = collector.collected();
  expect(fairness).toMatchObject({ pairs: 1, inversions: 1 });
  expect(answers).toEqual({ 200: 1, 409: 1 });
  expect([winners.count, losers.count]).toEqual([1, 1]);
});

test('Retry-After is obeyed, and a full queue is told from a database that is away', () => {
  const collector = createCollector(usual);
  const head = 'HTTP/1.1 503 Unavailable\r\nretry-after: 2';
  expect(collector.again(answered(0, 503, '{"code":"queue_full"}', head))).toBe(2_000);
  expect(collector.again(answered(0, 503, '{"code":"database_unavailable"}', head))).toBe(2_000);
  expect(collector.again(answered(0, 409, '{}'))).toBeNull();
  expect(collector.collected()).toMatchObject({ shed: 1, unavailable: 1 });
});

test('who gets no answer comes again only where the profile says so', () => {
  expect(createCollector(usual).again(unanswered)).toBeNull();
  expect(createCollector({ ...usual, repeatsUnanswered: true }).again(unanswered)).toBeGreaterThan(0);
});
