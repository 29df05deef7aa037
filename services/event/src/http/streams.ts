/** Availability as Server-Sent Events: the same bytes for everyone who watches an event. */
import { createRoute, z } from '@hono/zod-openapi';
import { createRouter, type ServiceApp } from '@evently/kit/app';
import { documentRefusals } from '@evently/kit/refusals';
import type { AvailabilityFeed } from '../actions/availability-feed.ts';
import type { EventPages } from '../actions/event-pages.ts';
import { uuid } from './fields.ts';
import type { Limits } from './limits.ts';
import { refuseEvent } from './problems.ts';

export type StreamRouteDeps = { pages: EventPages; feed: AvailabilityFeed; limits: Limits };

// A reader that lets this many frames wait is gone or too slow; it opens the stream again.
const maxWaitingFrames = 16;

export function streamRoutes(deps: StreamRouteDeps): ServiceApp {
  const router = createRouter();
  const route = createRoute({
    method: 'get',
    path: '/api/v1/events/{id}/availability/stream',
    summary: 'Availability when it changes, looked at twice a second; a comment each 15 s keeps it open',
    middleware: [deps.limits.reads],
    request: { params: z.object({ id: uuid }) },
    responses: {
      200: {
        description: 'Events named "availability", each with what the availability route answers',
        content: { 'text/event-stream': { schema: z.string() } },
      },
      ...documentRefusals({
        400: 'invalid_request',
        404: 'not_found',
        429: 'rate_limited',
        503: 'too_many_streams, database_unavailable',
      }),
    },
  });
  router.openapi(route, async (c) => {
    const { id } = c.req.valid('param');
    if ((await deps.pages.read(id)) === null) return refuseEvent(c, { kind: 'unknown-event' });
    const stream = openStream(deps.feed, id);
    if (stream === null) return refuseEvent(c, { kind: 'too-many-streams' });
    return new Response(stream, {
      status: 200,
      headers: {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      },
    });
  });
  return router;
}

/** Null when the process has no place for one more. */
function openStream(feed: AvailabilityFeed, eventId: string): ReadableStream<Uint8Array> | null {
  const state: { leave: (() => void) | null } = { leave: null };
  const stream = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        state.leave = feed.watch(eventId, {
          send: (bytes) => {
            if ((controller.desiredSize ?? 0) <= 0) return false;
            controller.enqueue(bytes);
            return true;
          },
          end: () => {
            state.leave?.();
            controller.close();
          },
        });
      },
      cancel: () => state.leave?.(),
    },
    { highWaterMark: maxWaitingFrames },
  );
  return state.leave === null ? null : stream;
}
