/** How often one address, one account or one person may ask. */
import type { Context, MiddlewareHandler } from 'hono';
import { z } from 'zod';
import type { ServiceEnv } from '@evently/kit/app';
import { addressKey, rateLimit } from '@evently/kit/guards';
import type { LimiterFactory } from '@evently/kit/limiter';
import type { PlatformConfig } from '@evently/kit/platform';
import type { UserConfig } from '../config.ts';
import { email } from './schemas.ts';

type Guard = MiddlewareHandler<ServiceEnv>;
export type Limits = {
  register: Guard;
  loginByAddress: Guard;
  loginByAccount: Guard;
  /** Behind `requirePrincipal`: password checks of the caller's own account. */
  passwordCheck: Guard;
  reads: Guard;
};

const windowSeconds = 60;
const loginBody = z.object({ email });

/**
 * `limiters` counts; this process alone when it is not given. Limits per account count unknown accounts alike, so that they tell nothing; load
 * testing lifts them, and only them.
 */
export function createLimits(
  platform: PlatformConfig,
  config: UserConfig,
  limiters: LimiterFactory | undefined,
): Limits {
  const byAddress = addressKey(platform.EVENTLY_TRUSTED_HOPS, platform.EVENTLY_EXEMPT_LOOPBACK);
  const perAccount = platform.EVENTLY_LOAD_TEST ? 0 : config.USER_LOGINS_PER_MINUTE_PER_ACCOUNT;
  const limitOf = (
    name: string,
    limit: number,
    key: (c: Context<ServiceEnv>) => string | null | Promise<string | null>,
  ): Guard => rateLimit({ name, limit, windowSeconds, key, limiters });
  return {
    register: limitOf('register', config.USER_REGISTRATIONS_PER_MINUTE_PER_ADDRESS, byAddress),
    loginByAddress: limitOf('login', config.USER_LOGINS_PER_MINUTE_PER_ADDRESS, byAddress),
    loginByAccount: limitOf('login-account', perAccount, accountOfBody),
    passwordCheck: limitOf('password', perAccount, (c) => c.get('principal')?.id ?? null),
    reads: limitOf('reads', platform.EVENTLY_READS_PER_MINUTE, byAddress),
  };
}

/** The account that a login names; a body that names none is refused by its schema and not counted. */
async function accountOfBody(c: Context<ServiceEnv>): Promise<string | null> {
  const body: unknown = await c.req.json().catch(() => null);
  const parsed = loginBody.safeParse(body);
  return parsed.success ? parsed.data.email : null;
}
