import { expect, test } from 'vitest';
import { createLogger } from '@evently/kit/log';
import { createAvailabilityFeed, type Look, type Watcher } from './availability-feed.ts';

const log = createLogger('test', 'silent');
const decoder = new TextDecoder();

type Seen = { look: Look | null; nowMs: number; looks: number };
function createFeed(seen: Seen) {
  return createAvailabilityFeed({
    read: () => {
      seen.looks += 1;
      return Promise.resolve(seen.look);
    },
    nowMs: () => seen.nowMs,
    log,
    maxStreams: 10,
    pollMs: 1,
  });
}
function createWatcher(frames: Uint8Array[], takes = Number.POSITIVE_INFINITY): Watcher & { ended: boolean } {
  const watcher = {
    ended: false,
    send: (bytes: Uint8Array): boolean => frames.push(bytes) <= takes,
    end: () => {
      watcher.ended = true;
    },
  };
  return watcher;
}
const textOf = (frames: readonly Uint8Array[]): string =>
  frames.map((bytes) => decoder.decode(bytes)).join('');

test('all who watch get the very same bytes, only when the content changed', async () => {
  const seen: Seen = { look: { text: 'one at noon', content: 'one' }, nowMs: 0, looks: 0 };
  const feed = createFeed(seen);
  const early: Uint8Array[] = [];
  feed.watch('e', createWatcher(early));
  await expect.poll(() => early.length).toBe(2);
  seen.look = { text: 'one at one', content: 'one' };
  const looksBefore = seen.looks;
  await expect.poll(() => seen.looks).toBeGreaterThan(looksBefore + 2);
  expect(early).toHaveLength(2);
  const late: Uint8Array[] = [];
  feed.watch('e', createWatcher(late));
  expect(late[1]).toBe(early[1]);
  seen.look = { text: 'two', content: 'two' };
  await expect.poll(() => [early.length, late.length]).toEqual([3, 3]);
  expect(late[2]).toBe(early[2]);
  expect(textOf(early)).toBe(
    'retry: 2000\n\nevent: availability\nid: 1\ndata: one at noon\n\nevent: availability\nid: 2\ndata: two\n\n',
  );
  await feed.stop();
});

test('a quiet stream says each 15 s that it is still there', async () => {
  const seen: Seen = { look: { text: 'one', content: 'one' }, nowMs: 0, looks: 0 };
  const feed = createFeed(seen);
  const frames: Uint8Array[] = [];
  feed.watch('e', createWatcher(frames));
  await expect.poll(() => frames.length).toBe(2);
  seen.nowMs = 15_000;
  await expect.poll(() => frames.length).toBe(3);
  expect(decoder.decode(frames[2])).toBe(': still here\n\n');
  await feed.stop();
});

test('a reader that takes no more is ended, and nobody is looked for when the last has left', async () => {
  const seen: Seen = { look: { text: 'one', content: 'one' }, nowMs: 0, looks: 0 };
  const feed = createFeed(seen);
  const slow = createWatcher([], 1);
  const leave = feed.watch('e', slow);
  await expect.poll(() => slow.ended).toBe(true);
  leave?.();
  leave?.();
  expect(feed.streams()).toBe(0);
  await feed.stop();
});

test('when the event is not to be seen any more, its streams end', async () => {
  const seen: Seen = { look: null, nowMs: 0, looks: 0 };
  const feed = createFeed(seen);
  const watcher = createWatcher([]);
  feed.watch('e', watcher);
  await expect.poll(() => watcher.ended).toBe(true);
  await feed.stop();
});

test('news are looked at when they come, one look for many of them, until nobody watches', async () => {
  const seen: Seen = { look: { text: 'one', content: 'one' }, nowMs: 1_000, looks: 0 };
  const told = new Set<() => void>();
  const feed = createAvailabilityFeed({
    read: () => {
      seen.looks += 1;
      return Promise.resolve(seen.look);
    },
    listen: (_eventId, look) => {
      told.add(look);
      return () => void told.delete(look);
    },
    nowMs: () => seen.nowMs,
    log,
    maxStreams: 10,
    // Only news make it look again within this test.
    pollMs: 600_000,
  });
  const frames: Uint8Array[] = [];
  const leave = feed.watch('e', createWatcher(frames));
  await expect.poll(() => frames.length).toBe(2);
  seen.look = { text: 'two', content: 'two' };
  for (const look of told) for (let news = 0; news < 100; news += 1) look();
  await expect.poll(() => frames.length).toBe(3);
  expect(seen.looks).toBe(2);
  seen.nowMs += 200;
  seen.look = { text: 'three', content: 'three' };
  for (const look of told) look();
  await expect.poll(() => frames.length).toBe(4);
  leave?.();
  expect(told.size).toBe(0);
  await feed.stop();
});
