/** Every metric of the user service. */
import type { Registry } from 'prom-client';
import { addCounter, addGauge, defineCounter, defineGauge } from '@evently/kit/metrics-define';

/** How a credential was answered; `busy` is a full queue of password hashes. */
export type CredentialOutcome = 'granted' | 'refused' | 'busy';
export type CredentialKind = 'register' | 'login' | 'refresh' | 'erase';
export type UserMetrics = { counted: (kind: CredentialKind, outcome: CredentialOutcome) => void };

export const userDefinitions = {
  credentials: defineCounter({
    name: 'evently_user_credentials_total',
    help: 'Registrations, logins, refreshes and erasures, by outcome',
    labels: { kind: ['register', 'login', 'refresh', 'erase'], outcome: ['granted', 'refused', 'busy'] },
  }),
  passwords: defineGauge({
    name: 'evently_user_password_queue_items',
    help: 'Password hashes waiting or running',
    labels: {},
  }),
} as const;

/** @param pendingHashes password hashes waiting or running now */
export function createUserMetrics(registry: Registry, pendingHashes: () => number): UserMetrics {
  const credentials = addCounter(registry, userDefinitions.credentials);
  addGauge(registry, userDefinitions.passwords, (gauge) => gauge.set({}, pendingHashes()));
  return { counted: (kind, outcome) => credentials.inc({ kind, outcome }) };
}
