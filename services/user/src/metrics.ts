/** Every metric of the user service. */
import { Counter, Gauge, type Registry } from 'prom-client';

/** How a credential was answered; `busy` is a full queue of password hashes. */
export type CredentialOutcome = 'granted' | 'refused' | 'busy';
export type CredentialKind = 'register' | 'login' | 'refresh' | 'erase';
export type UserMetrics = { counted: (kind: CredentialKind, outcome: CredentialOutcome) => void };

/** @param pendingHashes password hashes waiting or running now */
export function createUserMetrics(registry: Registry, pendingHashes: () => number): UserMetrics {
  const credentials = new Counter({
    name: 'evently_user_credentials_total',
    help: 'Registrations, logins, refreshes and erasures, by outcome',
    labelNames: ['kind', 'outcome'],
    registers: [registry],
  });
  new Gauge({
    name: 'evently_user_password_queue_items',
    help: 'Password hashes waiting or running',
    registers: [registry],
    collect() {
      this.set(pendingHashes());
    },
  });
  return { counted: (kind, outcome) => credentials.inc({ kind, outcome }) };
}
