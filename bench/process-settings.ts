/** Where a server process of the benchmark finds the platform it belongs to. */
import { z } from 'zod';
import { setting } from '@evently/kit/config';

export const processSettings = {
  BENCH_USER_URL: setting(z.url(), { about: 'Address of the user service, for the keys of its tokens' }),
  BENCH_PAYMENT_URL: setting(z.url(), { about: 'Address of the payment service' }),
  BENCH_METRICS: setting(z.enum(['on', 'off']), {
    fallback: 'on',
    about: 'Whether the process counts what it does: off shows what counting costs',
  }),
};
