/** A viewer's connection: Server-Sent Events from the feed, ended when its reader is too slow. */
import type { ConsoleFeed } from './feed.ts';

// A reader that lets so many messages wait is gone or too slow; it opens the stream again.
const maxWaitingMessages = 64;

/** Null when as many watch as may. */
export function openConsoleStream(
  feed: ConsoleFeed,
  lastEventId: string | null,
): ReadableStream<Uint8Array> | null {
  const state: { leave: (() => void) | null } = { leave: null };
  const stream = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        const viewer = {
          send: (bytes: Uint8Array): boolean => {
            if ((controller.desiredSize ?? 0) <= 0) return false;
            controller.enqueue(bytes);
            return true;
          },
          end: () => controller.close(),
        };
        state.leave = feed.watch(viewer, lastEventId);
      },
      cancel: () => state.leave?.(),
    },
    { highWaterMark: maxWaitingMessages },
  );
  return state.leave === null ? null : stream;
}
