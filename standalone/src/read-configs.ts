/** Reads the settings of every part at once, so that all faults are listed together. */
import { readBookingConfig, type BookingConfig } from '@evently/booking/config';
import { readEventConfig, type EventConfig } from '@evently/event/config';
import { ConfigError, readSettings } from '@evently/kit/config';
import { platformSettings, type PlatformConfig } from '@evently/kit/platform';
import { readPaymentConfig, type PaymentConfig } from '@evently/payment/config';
import { readSearchConfig, type SearchConfig } from '@evently/search/config';
import { readUserConfig, type UserConfig } from '@evently/user/config';
import { serviceEnvironment, type Environment, type StandaloneConfig } from './config.ts';
import type { Secrets } from './folder/secrets.ts';

export type ServiceConfigs = {
  platform: PlatformConfig;
  user: UserConfig;
  event: EventConfig;
  search: SearchConfig;
  booking: BookingConfig;
  payment: PaymentConfig;
};

// The pools are opened by the composition, on the embedded server; its port is not known yet.
const embedded = 'postgres://embedded';
const loopbackHosts = new Set(['127.0.0.1', '::1', 'localhost']);

/** Throws one `ConfigError` with the faults of all parts. */
export function readServiceConfigs(
  env: Environment,
  standalone: StandaloneConfig,
  secrets: Secrets,
): ServiceConfigs {
  const faults: string[] = [];
  const full: Environment = {
    EVENTLY_ACCEPTED_API_KEYS: env['EVENTLY_API_KEY'] ?? secrets.EVENTLY_API_KEY,
    ...serviceEnvironment(env, secrets),
    USER_DATABASE_URL: embedded,
    EVENT_DATABASE_URL: embedded,
    SEARCH_DATABASE_URL: embedded,
    BOOKING_DATABASE_URL: embedded,
    PAYMENT_DATABASE_URL: embedded,
  };
  const read = <T>(reader: (environment: Environment) => T): T | null => {
    try {
      return reader(full);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(...error.faults);
      return null;
    }
  };
  const platform = read((environment) => readSettings(platformSettings, environment));
  const user = read(readUserConfig);
  const event = read(readEventConfig);
  const search = read(readSearchConfig);
  const booking = read(readBookingConfig);
  const payment = read(readPaymentConfig);
  const loadTest = full['EVENTLY_LOAD_TEST'];
  if ((loadTest === '1' || loadTest === 'true') && !loopbackHosts.has(standalone.STANDALONE_HOST)) {
    faults.push(
      'EVENTLY_LOAD_TEST: is only for a platform on 127.0.0.1; set it to 0, or STANDALONE_HOST to 127.0.0.1',
    );
  }
  if (
    faults.length > 0 ||
    platform === null ||
    user === null ||
    event === null ||
    search === null ||
    booking === null ||
    payment === null
  ) {
    throw new ConfigError([...new Set(faults)]);
  }
  return { platform, user, event, search, booking, payment };
}
