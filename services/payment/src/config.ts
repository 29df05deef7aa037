/** Settings of the payment service: the only reader of its environment. */
import { z } from 'zod';
import { integer, list, readSettings, setting, type SettingValues } from '@evently/kit/config';

const secretLength = 16;
const webhookSecrets = list().refine(
  (secrets) =>
    secrets.length >= 1 && secrets.length <= 2 && secrets.every((secret) => secret.length >= secretLength),
  `must be one secret, or two during a rotation, of ${secretLength} characters or more`,
);

export const paymentSettings = {
  PAYMENT_PORT: setting(integer(0, 65_535), { fallback: '8005', about: 'Port of the payment service' }),
  PAYMENT_DATABASE_URL: setting(z.string().min(1), {
    secret: true,
    about: 'PostgreSQL URL of the payment database',
  }),
  PAYMENT_POOL_SIZE: setting(integer(1, 100), {
    fallback: '6',
    unit: 'connections',
    about: 'Connections of the payment service at most',
  }),
  PAYMENT_PROVIDER: setting(z.enum(['fake']), { fallback: 'fake', about: 'Who takes the money' }),
  PAYMENT_PROVIDER_DEADLINE_MS: setting(integer(50, 60_000), {
    fallback: '4000',
    unit: 'ms',
    about: 'Time for one answer of the provider; after it the outcome is unknown and is asked for later',
  }),
  PAYMENT_MAX_IN_FLIGHT: setting(integer(1, 100_000), {
    fallback: '2000',
    unit: 'attempts',
    about: 'Attempts that may wait for the provider at once; more are answered 503',
  }),
  PAYMENT_RECONCILE_EVERY_MS: setting(integer(20, 60_000), {
    fallback: '2000',
    unit: 'ms',
    about: 'Pause between two rounds of asking the provider about unsettled attempts and refunds',
  }),
  PAYMENT_NOT_FOUND_GRACE_MS: setting(integer(0, 600_000), {
    fallback: '10000',
    unit: 'ms',
    about: 'Age at which an attempt that the provider does not know is given up',
  }),
  PAYMENT_WEBHOOK_SECRETS: setting(webhookSecrets, {
    secret: true,
    about: "Secrets of the provider's webhook signatures, comma-separated; two during a rotation",
  }),
  PAYMENT_WEBHOOK_TOLERANCE_S: setting(integer(1, 3_600), {
    fallback: '300',
    unit: 's',
    about: 'Age at which a webhook signature is refused',
  }),
  PAYMENT_FAKE_LATENCY_MS: setting(integer(0, 10_000), {
    fallback: '0',
    unit: 'ms',
    about: 'Time the fake provider takes for each capture',
  }),
  PAYMENT_FAKE_WEBHOOKS: setting(z.enum(['needed', 'all']), {
    fallback: 'needed',
    about:
      'Whether the fake provider sends a webhook for each charge, or only for those not answered at once',
  }),
};
export type PaymentConfig = SettingValues<typeof paymentSettings>;

/** Throws `ConfigError` naming every fault at once. */
export function readPaymentConfig(env: Readonly<Record<string, string | undefined>>): PaymentConfig {
  return readSettings(paymentSettings, env);
}
