/** Every metric of the event service. */
import { Counter, Gauge, type Registry } from 'prom-client';

export type CredentialOutcome = 'granted' | 'refused' | 'busy';
export type CredentialKind = 'register' | 'login' | 'refresh';
export type EventMetrics = { counted: (kind: CredentialKind, outcome: CredentialOutcome) => void };

/** @param streams open availability streams now */
export function createEventMetrics(
  registry: Registry,
  pendingHashes: () => number,
  streams: () => number,
): EventMetrics {
  const credentials = new Counter({
    name: 'evently_event_credentials_total',
    help: 'Registrations, logins and refreshes of administrators, by outcome',
    labelNames: ['kind', 'outcome'],
    registers: [registry],
  });
  new Gauge({
    name: 'evently_event_password_queue_items',
    help: 'Password hashes waiting or running',
    registers: [registry],
    collect() {
      this.set(pendingHashes());
    },
  });
  new Gauge({
    name: 'evently_event_availability_streams_items',
    help: 'Open availability streams of this process',
    registers: [registry],
    collect() {
      this.set(streams());
    },
  });
  return { counted: (kind, outcome) => credentials.inc({ kind, outcome }) };
}
