/** A process of its own that is killed in the middle of a payment: `node die-while-paying.ts <url> <moment> <booking,...>`. */
import { randomUUID } from 'node:crypto';
import { createLogger } from '@evently/kit/log';
import { openDatabase } from '@evently/kit/postgres';
import { takePayment } from '../src/actions/take-payment.ts';
import type { CaptureRequest } from '../src/provider/port.ts';
import { actionsOn } from './fixture.ts';

const [url = '', moment = '', bookings = ''] = process.argv.slice(2);
const bookingIds = bookings.split(',');
const db = openDatabase({ url, name: 'dying', max: 2, log: createLogger('dying', 'silent') });
const actions = actionsOn(db, 4_000);

function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
}

let captured = 0;
const capture = async (request: CaptureRequest, signal: AbortSignal): Promise<never> => {
  if (moment === 'after-provider') await actions.provider.capture(request, signal);
  captured += 1;
  // All of a batch are there when one of them is.
  return captured === bookingIds.length ? die() : new Promise(() => undefined);
};
const dying = { ...actions, provider: { ...actions.provider, capture } };
await Promise.all(
  bookingIds.map((bookingId) =>
    takePayment(dying, {
      bookingId,
      eventId: randomUUID(),
      userId: randomUUID(),
      attempt: 1,
      amountMinor: 700,
      currency: 'INR',
      token: 'tok_any',
      method: 'card',
    }),
  ),
);
