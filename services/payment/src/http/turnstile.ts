/** Bounds how many attempts wait for the provider at once, before anything of them is stored. */
import type { PaymentRefusal } from '../domain/payment.ts';

type Refused = { ok: false; refusal: PaymentRefusal };
export type Turnstile = <T>(work: () => Promise<T>) => Promise<T | Refused>;

const retryAfterSeconds = 1;

/** Runs `work` unless `max` are under way; then it is refused at once and nothing was done. */
export function createTurnstile(max: number): Turnstile {
  let inFlight = 0;
  return async (work) => {
    if (inFlight >= max) return { ok: false, refusal: { kind: 'provider-busy', retryAfterSeconds } };
    inFlight += 1;
    try {
      return await work();
    } finally {
      inFlight -= 1;
    }
  };
}
