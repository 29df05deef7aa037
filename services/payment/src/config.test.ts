import { expect, test } from 'vitest';
import { ConfigError } from '@evently/kit/config';
import { readPaymentConfig } from './config.ts';

const env = { PAYMENT_DATABASE_URL: 'postgres://x', PAYMENT_WEBHOOK_SECRETS: 'a-secret-of-sixteen' };

test('a database and a webhook secret are all that has to be set', () => {
  expect(readPaymentConfig(env)).toMatchObject({ PAYMENT_PORT: 8005, PAYMENT_PROVIDER_DEADLINE_MS: 4_000 });
});

test('secrets that are short or too many are refused, and never shown', () => {
  for (const secrets of [
    'short-secret',
    'a'.repeat(20).concat(',short-secret'),
    'x'.repeat(16).concat(',').repeat(3),
  ]) {
    expect(() => readPaymentConfig({ ...env, PAYMENT_WEBHOOK_SECRETS: secrets })).toThrow(ConfigError);
    expect(() => readPaymentConfig({ ...env, PAYMENT_WEBHOOK_SECRETS: secrets })).not.toThrow('short-secret');
  }
  expect(() => readPaymentConfig({})).toThrow(/PAYMENT_DATABASE_URL[^]*PAYMENT_WEBHOOK_SECRETS/);
});
