import { expect, test } from 'vitest';
import { problemResponse } from './problems.ts';

test('a problem says its code, its page and its text, and cannot be cached', async () => {
  const answer = problemResponse({ status: 409, code: 'sold_out', title: 'Sold out' }, 'request-1');
  expect(answer.status).toBe(409);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(await answer.json()).toEqual({
    type: '/docs/problems/sold-out',
    title: 'Sold out',
    status: 409,
    detail: 'Sold out',
    instance: 'request-1',
    trace_id: '19f1064b619d49d35392eac7261cd726',
    code: 'sold_out',
    error: 'Sold out',
  });
});

test('a further member never takes the place of an own one', async () => {
  const extra = { status: 'cancelled', code: 'other', since: 'yesterday' };
  const answer = problemResponse({ status: 409, code: 'event_closed', title: 'Closed', extra }, 'request-1');
  expect(await answer.json()).toMatchObject({ status: 409, code: 'event_closed', since: 'yesterday' });
});

test('a client is told to come again after whole seconds, at least one', () => {
  const away = { status: 503, code: 'away', title: 'Away', retryAfterSeconds: 0.2 };
  expect(problemResponse(away, 'request-1').headers.get('retry-after')).toBe('1');
});
