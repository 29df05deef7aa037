/** Settings of the event service: the only reader of its part of the environment. */
import { z } from 'zod';
import { identitySettings } from '@evently/identity/settings';
import { integer, readSettings, setting, type SettingValues } from '@evently/kit/config';

const minBootstrapLength = 16;

export const eventSettings = {
  EVENT_PORT: setting(integer(0, 65_535), {
    fallback: '8002',
    about: 'Port of the event service; 0 picks a free one',
  }),
  EVENT_DATABASE_URL: setting(z.string().min(1), {
    secret: true,
    about: 'PostgreSQL database of the event service',
  }),
  EVENT_POOL_SIZE: setting(integer(2, 50), {
    fallback: '6',
    unit: 'connections',
    about: 'Connections to the database at most; an edit keeps one while it asks booking',
  }),
  EVENTLY_BOOTSTRAP_TOKEN: setting(
    z
      .string()
      .refine(
        (text) => text === '' || text.length >= minBootstrapLength,
        `must have ${minBootstrapLength} characters or more`,
      )
      .transform((text) => (text === '' ? undefined : text)),
    {
      fallback: '',
      secret: true,
      about: 'Makes the first administrator, while there is none; empty switches it off',
    },
  ),
  EVENT_LOGINS_PER_MINUTE_PER_ACCOUNT: setting(integer(0, 10_000_000), {
    fallback: '5',
    unit: 'requests/min',
    about: 'Logins of administrators per account; 0 is no limit',
  }),
  EVENT_LOGINS_PER_MINUTE_PER_ADDRESS: setting(integer(0, 10_000_000), {
    fallback: '30',
    unit: 'requests/min',
    about: 'Logins of administrators per address; 0 is no limit',
  }),
  EVENT_REGISTRATIONS_PER_MINUTE_PER_ADDRESS: setting(integer(0, 10_000_000), {
    fallback: '5',
    unit: 'requests/min',
    about: 'Attempts to make an administrator per address; 0 is no limit',
  }),
  EVENT_DEFAULT_CURRENCY: setting(z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as INR'), {
    fallback: 'INR',
    about: 'Currency of events that name none (ISO 4217)',
  }),
  EVENT_MAX_STREAMS: setting(integer(1, 1_000_000), {
    fallback: '10000',
    unit: 'streams',
    about: 'Open availability streams of one process at most',
  }),
  EVENT_AVAILABILITY_POLL_MS: setting(integer(100, 1_000), {
    fallback: '500',
    unit: 'ms',
    about: 'How often an availability stream looks at the stock while somebody listens',
  }),
  EVENT_UPKEEP_SECONDS: setting(integer(1, 3_600), {
    fallback: '60',
    unit: 's',
    about: 'How often past events are completed and the catalog is compared with booking',
  }),
  ...identitySettings,
};
export type EventConfig = SettingValues<typeof eventSettings>;

/** Throws `ConfigError`, which lists all faults at once. */
export function readEventConfig(env: Readonly<Record<string, string | undefined>>): EventConfig {
  return readSettings(eventSettings, env);
}
