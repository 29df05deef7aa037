/** Structured logs: one JSON line per request and per state change, secrets removed by name. */
import { destination, pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { activeTraceFields } from './tracing.ts';

export type Logger = PinoLogger;

const secretFields = [
  'password',
  'token',
  'access_token',
  'refresh_token',
  'payment_token',
  'authorization',
  'cookie',
  'code',
  'secret',
  'api_key',
  'email',
  'name',
  'phone_number',
];

/**
 * A logger of `service`. Fields named like secrets or personal data are replaced wherever they stand. What is written
 * inside a span names it and its trace.
 */
export function createLogger(service: string, level: string, stream?: DestinationStream): Logger {
  const options = {
    level,
    base: { service },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    mixin: activeTraceFields,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
      censor: '[removed]',
    },
  };
  return stream === undefined ? pino(options) : pino(options, stream);
}

/** A log file as destination; `close` writes what is still buffered. */
export type LogFile = { stream: DestinationStream; close: () => Promise<void> };

/** Appends to `file` without ever blocking the event loop. */
export function openLogFile(file: string): LogFile {
  const stream = destination({ dest: file, sync: false });
  // A full disk must not end the process; the lines are lost.
  stream.on('error', () => {});
  return {
    stream,
    close: () =>
      new Promise((resolve) => {
        stream.once('close', () => resolve());
        stream.end();
      }),
  };
}
