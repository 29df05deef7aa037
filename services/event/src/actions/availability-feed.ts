/** Availability as it changes: one look for all who watch an event, the same bytes for each of them. */
import { startTicker, type Ticker } from '@evently/kit/clock';
import type { Logger } from '@evently/kit/log';

/** One who watches. `send` answers whether the bytes were taken; a reader that is too slow is ended. */
export type Watcher = { send: (bytes: Uint8Array) => boolean; end: () => void };
export type AvailabilityFeed = {
  /** Null when this process has as many streams as it may, or is stopping; else the function that leaves. */
  watch: (eventId: string, watcher: Watcher) => (() => void) | null;
  streams: () => number;
  /** Ends every stream. */
  stop: () => Promise<void>;
};
/** One look: what is sent, as text of one line, and the part of it whose change is worth sending. */
export type Look = { text: string; content: string };
export type FeedDeps = {
  /** Null when the event is not to be seen any more. */
  read: (eventId: string) => Promise<Look | null>;
  nowMs: () => number;
  /**
   * Calls `look` when something has changed, if anybody tells this process; answers the function that ends it. News may be
   * lost: the feed looks each `pollMs` anyway.
   */
  listen?: (eventId: string, look: () => void) => () => void;
  log: Logger;
  maxStreams: number;
  pollMs: number;
};

const heartbeatMs = 15_000;
const retryMs = 2_000;
// Everyone who watches gets every frame: more than some in a second are work and no better to look at.
const newsPauseMs = 200;
const encoder = new TextEncoder();
const opening = encoder.encode(`retry: ${retryMs}\n\n`);
const heartbeat = encoder.encode(': still here\n\n');

type Channel = {
  watchers: Set<Watcher>;
  /** The frame that everyone has; a newcomer gets it first. */
  last: (Look & { bytes: Uint8Array; number: number }) | null;
  nextHeartbeatMs: number;
  /** News are looked at from then on; those that come earlier wait for the next look. */
  nextNewsMs: number;
  leaveNews: () => void;
  /** Null only until the channel is there for its first look. */
  ticker: Ticker | null;
};

function emptyChannel(nowMs: number): Channel {
  return {
    watchers: new Set(),
    last: null,
    nextHeartbeatMs: nowMs + heartbeatMs,
    nextNewsMs: 0,
    leaveNews: () => {},
    ticker: null,
  };
}

/** Looks at an event only while somebody watches it, and sends only what changed. */
export function createAvailabilityFeed(deps: FeedDeps): AvailabilityFeed {
  const channels = new Map<string, Channel>();
  let streams = 0;
  let stopping = false;

  function openChannel(eventId: string): Channel {
    const channel = emptyChannel(deps.nowMs());
    channel.ticker = startTicker(deps.pollMs, () => look(eventId, channel));
    channel.leaveNews = deps.listen?.(eventId, () => lookAtNews(channel)) ?? channel.leaveNews;
    channels.set(eventId, channel);
    return channel;
  }

  async function look(eventId: string, channel: Channel): Promise<void> {
    const seen = await deps.read(eventId).catch((error: unknown) => {
      deps.log.warn({ event_id: eventId, err: String(error) }, 'a stream waits for its event');
      return undefined;
    });
    if (seen === null) return close(eventId, channel);
    if (seen !== undefined && seen.content !== channel.last?.content) {
      const number = (channel.last?.number ?? 0) + 1;
      const bytes = encoder.encode(`event: availability\nid: ${number}\ndata: ${seen.text}\n\n`);
      channel.last = { ...seen, bytes, number };
      sendAll(channel, bytes);
    }
    if (deps.nowMs() < channel.nextHeartbeatMs) return;
    channel.nextHeartbeatMs = deps.nowMs() + heartbeatMs;
    sendAll(channel, heartbeat);
  }

  function lookAtNews(channel: Channel): void {
    const now = deps.nowMs();
    if (now < channel.nextNewsMs) return;
    channel.nextNewsMs = now + newsPauseMs;
    channel.ticker?.wake();
  }

  function sendAll(channel: Channel, bytes: Uint8Array): void {
    for (const watcher of channel.watchers) if (!watcher.send(bytes)) watcher.end();
  }

  function close(eventId: string, channel: Channel): void {
    for (const watcher of channel.watchers) watcher.end();
    if (channels.get(eventId) === channel) channels.delete(eventId);
    channel.leaveNews();
    void channel.ticker?.stop();
  }

  function leave(eventId: string, channel: Channel, watcher: Watcher): void {
    if (!channel.watchers.delete(watcher)) return;
    streams -= 1;
    if (channel.watchers.size === 0) close(eventId, channel);
  }

  return {
    watch: (eventId, watcher) => {
      if (stopping || streams >= deps.maxStreams) return null;
      const channel = channels.get(eventId) ?? openChannel(eventId);
      channel.watchers.add(watcher);
      streams += 1;
      watcher.send(opening);
      if (channel.last !== null) watcher.send(channel.last.bytes);
      return () => leave(eventId, channel, watcher);
    },
    streams: () => streams,
    stop: async () => {
      stopping = true;
      const open = [...channels];
      for (const [eventId, channel] of open) close(eventId, channel);
      await Promise.all(open.map(async ([, channel]) => channel.ticker?.stop()));
    },
  };
}
