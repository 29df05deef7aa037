/** News between pods over Redis's publish and subscribe: quick, and lost when nobody is connected. */
import { pause, startTicker } from '@evently/kit/clock';
import { createListeners, type Feed, type Word } from '@evently/kit/feed';
import type { Logger } from '@evently/kit/log';
import type { RedisConnection } from './connection.ts';

export type RedisFeedOptions = {
  /** Publishes. */
  redis: RedisConnection;
  /** A connection of its own: while it listens it can do nothing else. `close` leaves both to their owner. */
  subscriber: RedisConnection;
  log: Logger;
  /** How often a subscription is asked whether its link is alive. */
  proveMs?: number;
};

const prefix = 'evently:feed:';
// News of one key within this time are told as the last of them: eyes see no more, and a sale changes stock a hundred times a second.
const gatherMs = 50;
/** Keys that wait to be published at most; beyond it news are dropped, and listeners find out by looking. */
const maxGathered = 10_000;
const maxWordBytes = 64 * 1024;
// A subscription on a dead link hears nothing and does not know it: it is asked, and a link that does not answer is ended by its socket's time limit.
const defaultProveMs = 5_000;
const subscribeChunk = 500;

export function createRedisFeed(options: RedisFeedOptions): Feed {
  const { redis, subscriber, log, proveMs = defaultProveMs } = options;
  const listeners = createListeners({
    opened: (key) => change('subscribe', [key]),
    closed: (key) => change('unsubscribe', [key]),
  });
  const gathered = new Map<string, Word>();
  const stopping = new AbortController();
  let isPublishing = false;

  /** Failing is nothing: whatever is wanted is asked for again when the connection is back. */
  function change(verb: 'subscribe' | 'unsubscribe', keys: readonly string[]): void {
    if (!subscriber.isUp() || keys.length === 0) return;
    const channels = keys.map((key) => prefix + key);
    subscriber.client[verb](...channels).catch((error: Error) => {
      log.debug({ err: error.message }, `${verb} did not reach Redis`);
    });
  }

  function subscribeAll(): void {
    const keys = listeners.keys();
    for (let first = 0; first < keys.length; first += subscribeChunk)
      change('subscribe', keys.slice(first, first + subscribeChunk));
  }

  function hear(channel: string, text: string): void {
    const word = readWord(channel.slice(prefix.length), text);
    if (word === null) log.warn({ channel }, 'news that nobody can read');
    else listeners.deliver(word);
  }

  async function publishGathered(): Promise<void> {
    while (gathered.size > 0 && !stopping.signal.aborted) {
      const round = [...gathered.values()];
      gathered.clear();
      if (redis.isUp()) await publishRound(round);
      await pause(gatherMs, stopping.signal);
    }
    isPublishing = false;
  }

  async function publishRound(round: readonly Word[]): Promise<void> {
    const pipeline = redis.client.pipeline();
    for (const { key, version, value } of round)
      pipeline.publish(prefix + key, JSON.stringify({ version, value }));
    await pipeline.exec().catch((error: Error) => {
      log.debug({ err: error.message }, 'news did not reach Redis');
    });
  }

  subscriber.client.on('ready', subscribeAll);
  subscriber.client.on('message', hear);
  const proof = startTicker(proveMs, async () => {
    // Its outcome is the socket's: see `openRedis`.
    if (subscriber.isUp() && listeners.keys().length > 0) await subscriber.client.ping().catch(() => {});
  });

  return {
    publish: (word) => {
      const waiting = gathered.get(word.key);
      if (waiting !== undefined && waiting.version >= word.version) return;
      if (waiting === undefined && gathered.size >= maxGathered) return;
      gathered.set(word.key, word);
      if (isPublishing) return;
      isPublishing = true;
      void publishGathered();
    },
    listen: (key, heard) => listeners.add(key, heard),
    close: async () => {
      stopping.abort();
      subscriber.client.off('ready', subscribeAll);
      subscriber.client.off('message', hear);
      listeners.clear();
      await proof.stop();
    },
  };
}

/** Null for what is no word: pods of another version may write what this one does not know. */
function readWord(key: string, text: string): Word | null {
  if (text.length > maxWordBytes) return null;
  try {
    const told: unknown = JSON.parse(text);
    if (typeof told !== 'object' || told === null || !('version' in told) || !('value' in told)) return null;
    const { version, value } = told;
    return Number.isSafeInteger(version) ? { key, version: Number(version), value } : null;
  } catch {
    return null; // Not JSON: the same as not a word.
  }
}
