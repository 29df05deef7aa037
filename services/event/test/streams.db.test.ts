import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  createEventServiceUnderTest,
  makeEvent,
  problem,
  publishEvent,
  send,
  type EventServiceUnderTest,
} from './event-service.ts';

let under: EventServiceUnderTest;
let path: string;
beforeAll(async () => {
  under = await createEventServiceUnderTest({ EVENT_MAX_STREAMS: '2' });
  const event = await makeEvent(under);
  await publishEvent(under, event.event_id);
  path = `/api/v1/events/${event.event_id}/availability/stream`;
});
afterAll(() => under.close());

type Reader = ReadableStreamDefaultReader<Uint8Array>;
async function open(): Promise<Reader> {
  const response = await under.service.app.request(path);
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  if (response.body === null) throw new Error('the stream has no body');
  return response.body.getReader();
}
async function readUntil(reader: Reader, part: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  while (!text.includes(part)) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`the stream ended after ${text}`);
    text += decoder.decode(value, { stream: true });
  }
  return text;
}

test('a stream begins with how to come back and what is free now', async () => {
  const reader = await open();
  const text = await readUntil(reader, 'data: ');
  expect(text.startsWith('retry: 2000\n\n')).toBe(true);
  expect(text).toContain('event: availability\nid: 1\n');
  expect(text).toContain('"available_seats":100');
  await reader.cancel();
});

test('beyond its streams the process refuses one more, and takes one again when one has gone', async () => {
  const readers = [await open(), await open()];
  const refused = await send(under, 'GET', path);
  expect(refused).toMatchObject(problem(503, 'too_many_streams'));
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  await readers[0]?.cancel();
  const again = await open();
  await readUntil(again, 'data: ');
  await again.cancel();
  await readers[1]?.cancel();
  expect(await under.registry.metrics()).toContain('evently_event_availability_streams_items 0');
});

test('when the service stops every stream ends, and none is opened', async () => {
  const reader = await open();
  await readUntil(reader, 'data: ');
  await under.service.stop();
  expect((await reader.read()).done).toBe(true);
  expect(await send(under, 'GET', path)).toMatchObject(problem(503, 'too_many_streams'));
});
