/** A trace between pods: from the reservation in booking, by its outbox and a stream of Redis, to event's consumer. */
import { randomBytes } from 'node:crypto';
import { requireEngine } from '@evently/testkit/engines/engine';
import { redisServer } from '@evently/testkit/engines/redis';
import { startRedisProcess } from '@evently/testkit/engines/redis-server';
import { startTraced } from '@evently/testkit/traced';
import { expect, onTestFinished, test } from 'vitest';
import { composeOnRedis, startOwnPostgres } from '../redis/composition.ts';
import { traceOf } from './spans.ts';

test('a reservation is followed over a stream to the service that hears of it', async ({ skip }) => {
  const redis = await startRedisProcess({ program: await requireEngine(redisServer, skip) });
  onTestFinished(redis.stop);
  onTestFinished(await startOwnPostgres());
  const platform = await composeOnRedis(`redis://127.0.0.1:${redis.port}`, { EVENTLY_LOAD_TEST: '1' });
  onTestFinished(platform.end);
  const { event_id: eventId } = await platform.publishEvent();
  const { collector, stop } = await startTraced({ OTEL_TRACES_SAMPLER: 'parentbased_always_off' });
  onTestFinished(stop);

  const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  const reserved = await platform.askBooking('POST', '/api/v1/bookings/reserve', {
    token: await platform.tokens.user(),
    headers: { traceparent: `00-${traceId}-${spanId}-01` },
    body: { event_id: eventId, quantity: 1, idempotency_key: 'one' },
  });
  expect(reserved.status).toBe(200);

  const { trace, handled } = await collector.until('what event has heard', (received) => {
    const found = traceOf(received, traceId);
    const heard = found.spans.find(
      (span) => span.attributes['messaging.consumer.group.name'] === 'event-stock',
    );
    const isSent = found.all('send booking').length > 0 && found.all('batch reserve').length > 0;
    return heard === undefined || !isSent ? undefined : { trace: found, handled: heard };
  });
  expect(trace.loose(spanId)).toEqual([]);
  expect(trace.pathOf(handled)).toEqual([
    'POST /api/v1/bookings/reserve',
    'batch reserve',
    'process booking',
  ]);
  expect(trace.pathOf(trace.one('send booking'))).toEqual([
    'POST /api/v1/bookings/reserve',
    'batch reserve',
    'send booking',
  ]);
});
