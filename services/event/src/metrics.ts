/** Every metric of the event service. */
import type { Registry } from 'prom-client';
import { addCounter, addGauge, defineCounter, defineGauge } from '@evently/kit/metrics-define';

export type CredentialOutcome = 'granted' | 'refused' | 'busy';
export type CredentialKind = 'register' | 'login' | 'refresh';
export type EventMetrics = { counted: (kind: CredentialKind, outcome: CredentialOutcome) => void };

export const eventDefinitions = {
  credentials: defineCounter({
    name: 'evently_event_credentials_total',
    help: 'Registrations, logins and refreshes of administrators, by outcome',
    labels: { kind: ['register', 'login', 'refresh'], outcome: ['granted', 'refused', 'busy'] },
  }),
  passwords: defineGauge({
    name: 'evently_event_password_queue_items',
    help: 'Password hashes waiting or running',
    labels: {},
  }),
  streams: defineGauge({
    name: 'evently_event_availability_streams_items',
    help: 'Open availability streams of this process',
    labels: {},
  }),
} as const;

/** @param streams open availability streams now */
export function createEventMetrics(
  registry: Registry,
  pendingHashes: () => number,
  streams: () => number,
): EventMetrics {
  const credentials = addCounter(registry, eventDefinitions.credentials);
  addGauge(registry, eventDefinitions.passwords, (gauge) => gauge.set({}, pendingHashes()));
  addGauge(registry, eventDefinitions.streams, (gauge) => gauge.set({}, streams()));
  return { counted: (kind, outcome) => credentials.inc({ kind, outcome }) };
}
