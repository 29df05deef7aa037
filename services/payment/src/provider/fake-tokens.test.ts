import { expect, test } from 'vitest';
import { scriptOf } from './fake-tokens.ts';

test('any token but a documented one succeeds at once', () => {
  for (const token of [
    'tok_visa',
    'toString',
    '__proto__',
    'tok_late_',
    'tok_late_x',
    'TOK_DECLINE',
    '4242',
  ]) {
    expect(scriptOf(token)).toMatchObject({ outcome: 'succeeded', answer: 'normal', settlesAfterMs: 0 });
  }
});

test('a late answer is late by at most 30 s, a late webhook by at most three days', () => {
  expect(scriptOf('tok_late_250').settlesAfterMs).toBe(250);
  expect(scriptOf('tok_late_999999').settlesAfterMs).toBe(30_000);
  expect(scriptOf('tok_webhook_late_500')).toMatchObject({ settlesAfterMs: 0, webhookAfterMs: 500 });
  expect(scriptOf('tok_webhook_late_999999999').webhookAfterMs).toBe(259_200_000);
});
