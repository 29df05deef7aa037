/** Settings of an issuer's credentials; each service that issues tokens spreads them into its own. */
import { z } from 'zod';
import { integer, setting, type SettingValues } from '@evently/kit/config';

export const identitySettings = {
  IDENTITY_SECRET: setting(z.string().min(32, 'must have 32 characters or more'), {
    secret: true,
    about:
      'Seals the signing keys and derives the successors of refresh tokens; keep it as long as the database',
  }),
  IDENTITY_PASSWORD_MIN_LENGTH: setting(integer(1, 64), {
    fallback: '8',
    unit: 'characters',
    about: 'Shortest password that a new account may have',
  }),
  IDENTITY_COMMON_PASSWORDS: setting(z.enum(['refused', 'allowed']), {
    fallback: 'refused',
    about: 'Whether passwords from the list of common ones are refused',
  }),
  IDENTITY_HASHES_RUNNING: setting(integer(1, 64), {
    fallback: '4',
    unit: 'hashes',
    about: 'Password hashes computed at the same time; each takes 19 MiB and one thread',
  }),
  IDENTITY_HASHES_WAITING: setting(integer(0, 10_000), {
    fallback: '64',
    unit: 'hashes',
    about: 'Password hashes that may wait; beyond it logins answer 503',
  }),
  IDENTITY_ACCESS_TOKEN_SECONDS: setting(integer(30, 86_400), {
    fallback: '900',
    unit: 's',
    about: 'Life of an access token',
  }),
  IDENTITY_REFRESH_TOKEN_SECONDS: setting(integer(60, 31_536_000), {
    fallback: '604800',
    unit: 's',
    about: 'Life of a refresh token; each rotation begins it anew',
  }),
  IDENTITY_KEY_ROTATION_SECONDS: setting(integer(3_600, 31_536_000), {
    fallback: '2592000',
    unit: 's',
    about: 'How long one key signs before the next takes over',
  }),
};
export type IdentityConfig = SettingValues<typeof identitySettings>;
