/** Structured logs: one JSON line per request and per state change, secrets removed by name. */
import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

const secretFields = [
  'password', 'token', 'access_token', 'refresh_token', 'payment_token', 'authorization', 'cookie',
  'code', 'secret', 'api_key', 'email', 'name', 'phone_number',
];

/** A logger of `service`. Fields named like secrets or personal data are replaced wherever they stand. */
export function createLogger(
  service: string,
  level: string,
  destination?: DestinationStream,
): Logger {
  const options = {
    level,
    base: { service },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
      censor: '[removed]',
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
