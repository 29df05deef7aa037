/** A connection to Redis that cannot hang: every command has a deadline, and reconnecting never ends. */
import { Redis, type RedisOptions } from 'ioredis';
import { chance } from '@evently/kit/clock';
import { ConfigError } from '@evently/kit/config';
import type { Logger } from '@evently/kit/log';
import { adviseOnTls, readAuthorities } from '@evently/kit/tls';
import { tlsConnector } from './tls-connector.ts';

export type RedisConnectionOptions = {
  /** `redis://` or, with TLS, `rediss://`. */
  url: string;
  /** Shown in Redis's list of clients. */
  name: string;
  log: Logger;
  /** How long a command may take before its promise is rejected; 500 ms unless told. */
  commandMs?: number;
  /** PEM file of the authorities that are believed; only with `rediss://`. */
  caFile?: string;
};

export type RedisConnection = {
  client: Redis;
  /** False while there is no connection; a command that is sent then fails at once. */
  isUp: () => boolean;
  close: () => Promise<void>;
};

const commandMs = 500;
const connectMs = 2_000;
/** A link on which nothing came back for so long after the deadline of a command is given up. */
const silenceMs = 2_000;
const firstRetryMs = 50;
const retryCapMs = 2_000;

/**
 * Connects in the background and for ever: 50 ms after the first failure, then twice as long each time up to
 * 2 s, with jitter. Nothing waits for a connection: without one a command is rejected at once, one that was
 * under way is rejected when the link ends and is never sent again by itself. A link that stays silent is
 * ended. A server that has become a replica is left, because its address may have a new primary.
 */
export function openRedis(options: RedisConnectionOptions): RedisConnection {
  const deadlineMs = options.commandMs ?? commandMs;
  const client = new Redis(options.url, {
    connectionName: `evently-${options.name}`,
    connectTimeout: connectMs,
    commandTimeout: deadlineMs,
    socketTimeout: deadlineMs + silenceMs,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: retryDelayMs,
    // Redis 6 puts a script's error behind words of its own.
    reconnectOnError: (error) => error.message.includes('READONLY'),
    ...tlsOf(options),
  });
  const changes = tellChanges(client, options);
  return {
    client,
    isUp: () => client.status === 'ready',
    close: () => {
      changes.end();
      client.disconnect();
      return Promise.resolve();
    },
  };
}

/** Between half and all of the doubled time, so that the pods of a platform do not come back together. */
function retryDelayMs(attempt: number): number {
  const fullMs = Math.min(retryCapMs, firstRetryMs * 2 ** Math.min(attempt - 1, 10));
  return fullMs / 2 + (fullMs / 2) * chance();
}

/** Throws when the address or the file cannot be used: that is a setting to correct, not an outage. */
function tlsOf({ url, caFile }: RedisConnectionOptions): Pick<RedisOptions, 'tls' | 'Connector'> {
  const isEncrypted = url.startsWith('rediss://');
  if (!isEncrypted && !url.startsWith('redis://'))
    throw new ConfigError(['REDIS_URL: must begin with redis:// or, with TLS, rediss://']);
  if (!isEncrypted && caFile !== undefined)
    throw new ConfigError([
      'REDIS_URL: an authority is named in REDIS_CA_FILE, and redis:// is not encrypted: write rediss:// and the port of TLS',
    ]);
  if (!isEncrypted) return {};
  const trusted = caFile === undefined ? {} : { ca: readAuthorities(caFile, 'REDIS_CA_FILE') };
  const tls = { rejectUnauthorized: true, minVersion: 'TLSv1.2', ...trusted } as const;
  return { tls, Connector: tlsConnector(url, tls) };
}

/** A Redis that does not speak TLS waits for the end of a command, and so does the handshake. */
function wordsOf(error: Error, url: string): string {
  const isSilent = 'code' in error && error.code === 'ETIMEDOUT' && url.startsWith('rediss://');
  return isSilent ? `${error.message}: no handshake in time; is this the port of TLS?` : error.message;
}

const tlsPeer = { caSetting: 'REDIS_CA_FILE', plainAdvice: 'write redis:// in its address' };

/** One line when Redis goes, one when it is back; reconnecting in between is quiet. */
function tellChanges(client: Redis, { name, url, log }: RedisConnectionOptions): { end: () => void } {
  let state: 'up' | 'away' | 'ended' = 'up';
  function away(err: string): void {
    if (state === 'up') log.warn({ connection: name, err }, 'Redis is away; connecting again');
    if (state === 'up') state = 'away';
  }
  // Without a listener the client writes its errors to the console.
  client.on('error', (error: Error) => away(adviseOnTls(error, tlsPeer) ?? wordsOf(error, url)));
  client.on('close', () => away('the connection was closed'));
  client.on('ready', () => {
    if (state === 'away') log.info({ connection: name }, 'Redis is back');
    if (state === 'away') state = 'up';
  });
  return {
    end: () => {
      state = 'ended';
    },
  };
}
