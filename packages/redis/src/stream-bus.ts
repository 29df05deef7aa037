/** The bus between pods, on Redis Streams: what it promises and what it needs. */
import type { Bus } from '@evently/kit/bus';
import type { Logger } from '@evently/kit/log';
import type { Database } from '@evently/kit/postgres';
import type { Registry } from 'prom-client';

export type StreamBusOptions = {
  /** `redis://` or, with TLS, `rediss://`. */
  url: string;
  caFile?: string;
  /** Names this process among the readers; a random end is added. */
  pod: string;
  /** The consumers of each topic: their groups exist before the first message is published. */
  consumers: Readonly<Record<string, readonly string[]>>;
  /** A pool of one connection of its own, in the service's database: its session holds the readers' locks. */
  lockDb: Database;
  log: Logger;
  registry: Registry;
  /** Messages that a topic's stream holds at most; beyond it the outbox keeps them. 20,000 unless told. */
  maxLength?: number;
};

export type StreamBus = Bus & {
  /** False while Redis cannot be reached: nothing is published or delivered, nothing is lost. */
  isUp: () => boolean;
};
