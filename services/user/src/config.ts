/** Settings of the user service: the only reader of its part of the environment. */
import { z } from 'zod';
import { identitySettings } from '@evently/identity/settings';
import { integer, readSettings, setting, type SettingValues } from '@evently/kit/config';

export const userSettings = {
  USER_PORT: setting(integer(0, 65_535), {
    fallback: '8001',
    about: 'Port of the user service; 0 picks a free one',
  }),
  USER_DATABASE_URL: setting(z.string().min(1), {
    secret: true,
    about: 'PostgreSQL database of the user service',
  }),
  USER_POOL_SIZE: setting(integer(1, 50), {
    fallback: '4',
    unit: 'connections',
    about: 'Connections to the database at most',
  }),
  USER_LOGINS_PER_MINUTE_PER_ACCOUNT: setting(integer(0, 10_000_000), {
    fallback: '5',
    unit: 'requests/min',
    about: 'Logins, and password checks of erasures, per account; 0 is no limit',
  }),
  USER_LOGINS_PER_MINUTE_PER_ADDRESS: setting(integer(0, 10_000_000), {
    fallback: '30',
    unit: 'requests/min',
    about: 'Logins per address; 0 is no limit',
  }),
  USER_REGISTRATIONS_PER_MINUTE_PER_ADDRESS: setting(integer(0, 10_000_000), {
    fallback: '5',
    unit: 'requests/min',
    about: 'Registrations per address; 0 is no limit',
  }),
  ...identitySettings,
};
export type UserConfig = SettingValues<typeof userSettings>;

/** Throws `ConfigError`, which lists all faults at once. */
export function readUserConfig(env: Readonly<Record<string, string | undefined>>): UserConfig {
  return readSettings(userSettings, env);
}
