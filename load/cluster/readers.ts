/** Readers in a cluster: the list of published events, then one of them and its seats, at an even rate. It needs no account. */
import { check } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';
import type { Options } from 'k6/options';

const baseUrl = __ENV['BASE_URL'] ?? 'http://127.0.0.1:8080';
// All come from one address here, and an address has 300 reads a minute unless the platform is told otherwise.
const rate = Number(__ENV['RATE'] ?? '4');
const seconds = Number(__ENV['DURATION_SECONDS'] ?? '30');
// Latency that one reading of the list in a hundred may exceed.
const p99Ms = Number(__ENV['P99_MS'] ?? '1000');

export const options: Options = {
  scenarios: {
    readers: {
      executor: 'constant-arrival-rate',
      exec: 'readOne',
      rate,
      timeUnit: '1s',
      duration: `${seconds}s`,
      preAllocatedVUs: Math.max(4, rate * 2),
    },
  },
  thresholds: {
    checks: ['rate==1'],
    dropped_iterations: ['count==0'],
    'http_req_duration{kind:list}': [`p(99)<${p99Ms}`],
  },
};

type Listed = { event_id: string };

export function readOne(): void {
  const list = http.get(`${baseUrl}/api/event/events?limit=20`, { timeout: '10s', tags: { kind: 'list' } });
  const isList = check(list, { 'the list of events answers': ({ status }) => status === 200 });
  if (!isList) return;
  const events: Listed[] = eventsOf(list.json('events'));
  const event = events[exec.scenario.iterationInTest % Math.max(1, events.length)];
  // A platform without events is read all the same; what it has, answers.
  if (event === undefined) return;
  const detail = http.get(`${baseUrl}/api/event/events/${event.event_id}`, {
    timeout: '10s',
    tags: { kind: 'detail', name: 'detail' },
  });
  check(detail, { 'the event answers': (answer) => answer.json('event_id') === event.event_id });
}

function eventsOf(value: unknown): Listed[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((one: unknown) =>
    typeof one === 'object' && one !== null && 'event_id' in one && typeof one.event_id === 'string'
      ? [{ event_id: one.event_id }]
      : [],
  );
}
