/** Reserving answers the same, whether the request is read in front of the application or by it. */
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listenerOfService } from '@evently/kit/direct';
import { listen, type Listening } from '@evently/kit/serve';
import { createFixture, type Fixture } from './fixture.ts';

const path = '/api/v1/bookings/reserve';
type Answer = { status: number | undefined; headers: Record<string, unknown>; body: string };
type Ask = { body: string; headers: Record<string, string | undefined> };

let f: Fixture;
let direct: Listening;
let application: Listening;
/** How often the application was asked on the port that has the direct route. */
let handedOver = 0;
let open: { eventId: string; tierIds: string[] };
let soldOut: { eventId: string; tierIds: string[] };

beforeAll(async () => {
  f = await createFixture();
  const counted = {
    ...f.service,
    app: Object.assign(Object.create(f.service.app), {
      fetch: (given: Request, env: object) => {
        handedOver += 1;
        return f.service.app.fetch(given, env);
      },
    }),
  };
  direct = await listen('direct', '127.0.0.1', 0, listenerOfService(counted));
  application = await listen('application', '127.0.0.1', 0, listenerOfService({ app: f.service.app }));
  open = await f.publish({ capacity: 5_000 });
  soldOut = await f.publish({ capacity: 1, waitlist: 'off' });
  const first = await send(direct, askOf({ event_id: soldOut.eventId, quantity: 1 }));
  expect(first.status).toBe(200);
});
afterAll(async () => {
  await Promise.all([direct.close(), application.close()]);
  await f.close();
});

/** As a client sends it, from a buyer who has not come before unless `headers` has a token. */
async function send(to: Listening, { body, headers }: Ask): Promise<Answer> {
  const given = {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    authorization: await newBuyer(),
    ...headers,
  };
  const sent = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return new Promise((resolve, reject) => {
    const req = request(
      { host: '127.0.0.1', port: to.port, method: 'POST', path, headers: sent, agent: false },
      (res) => {
        text(res).then(
          (answered) => resolve({ status: res.statusCode, headers: res.headers, body: answered }),
          reject,
        );
      },
    );
    req.on('error', reject);
    req.end(body);
  });
}

async function newBuyer(): Promise<string> {
  return `Bearer ${await f.tokens.user(randomUUID())}`;
}

function askOf(body: object, headers: Ask['headers'] = {}): Ask {
  return { body: JSON.stringify({ idempotency_key: randomUUID(), ...body }), headers };
}

/** What differs from request to request is told by its form. */
function formOf({ status, headers, body }: Answer): object {
  const { date: _date, 'content-length': _length, 'x-request-id': id, ...rest } = headers;
  const form = body
    .replaceAll(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, '<id>')
    .replaceAll(/"trace_id":"[\da-f]{32}"/g, '"trace_id":"<trace>"')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replaceAll(/"booking_reference":"[^"]+"/g, '"booking_reference":"<reference>"');
  return { status, headers: rest, hasId: typeof id === 'string', form };
}

async function bothAnswer(ask: () => Ask): Promise<Answer> {
  const ours = await send(direct, ask());
  expect(formOf(ours)).toEqual(formOf(await send(application, ask())));
  return ours;
}

test('a plain order is answered in front of the application', async () => {
  const before = handedOver;
  const orders: [object, Ask['headers'], number][] = [
    [{ event_id: open.eventId, quantity: 2 }, {}, 200],
    [{ event_id: open.eventId, quantity: 1, tier_id: open.tierIds[0] }, {}, 200],
    [
      { event_id: open.eventId, quantity: 1, idempotency_key: undefined },
      { 'idempotency-key': 'a key' },
      200,
    ],
    [{ event_id: soldOut.eventId, quantity: 1 }, {}, 409],
    [{ event_id: randomUUID(), quantity: 1 }, {}, 404],
    [{ event_id: open.eventId, quantity: 900 }, { 'x-request-id': 'a-request-id' }, 400],
    [{ event_id: open.eventId, quantity: 1, tier_id: randomUUID() }, {}, 400],
  ];
  for (const [body, headers, status] of orders)
    expect((await bothAnswer(() => askOf(body, headers))).status).toBe(status);
  expect(handedOver).toBe(before);
});

test('a repeated key gets the stored answer from either', async () => {
  const headers = { authorization: await newBuyer() };
  const ask = askOf({ event_id: open.eventId, quantity: 1 }, headers);
  const first = await send(direct, ask);
  for (const port of [direct, application, direct]) {
    const again = await send(port, ask);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.body).toBe(first.body);
  }
});

test('what it does not know is the application’s', async () => {
  const eventId = open.eventId;
  const cases: [() => Ask, number][] = [
    [() => askOf({ event_id: eventId, items: [{ tier_id: open.tierIds[0], quantity: 1 }] }), 200],
    [() => askOf({ event_id: eventId.toUpperCase(), quantity: 1 }), 200],
    [() => askOf({ event_id: eventId, quantity: 1, idempotency_key: 'schlüssel' }), 200],
    [() => askOf({ event_id: eventId, quantity: 1 }, { 'idempotency-key': '"quoted"' }), 200],
    [
      () => askOf({ event_id: eventId, quantity: 1 }, { 'content-type': 'application/json; charset=utf-8' }),
      200,
    ],
    [
      () =>
        askOf(
          { event_id: eventId, quantity: 1 },
          { 'content-length': undefined, 'transfer-encoding': 'chunked' },
        ),
      200,
    ],
    [() => askOf({ event_id: eventId, quantity: 1, idempotency_key: undefined }), 400],
    [() => askOf({ event_id: eventId, quantity: 0 }), 400],
    [() => askOf({ event_id: eventId, quantity: 1.5 }), 400],
    [() => askOf({ event_id: eventId, quantity: '1' }), 400],
    [() => askOf({ event_id: eventId, quantity: 1, more: true }), 400],
    [() => askOf({ quantity: 1 }), 400],
    [() => askOf({ event_id: eventId, quantity: 1, idempotency_key: 'a\u0000b' }), 400],
    [() => ({ body: '{"event_id":', headers: {} }), 400],
    [() => ({ body: '', headers: {} }), 400],
    [() => ({ body: '[]', headers: {} }), 400],
    [() => ({ body: 'null', headers: {} }), 400],
    [() => askOf({ event_id: eventId, quantity: 1 }, { 'content-type': 'text/plain' }), 415],
    [() => askOf({ event_id: eventId, quantity: 1, idempotency_key: 'k'.repeat(70_000) }), 413],
    [() => askOf({ event_id: eventId, quantity: 1 }, { authorization: undefined }), 401],
    [() => askOf({ event_id: eventId, quantity: 1 }, { authorization: 'Bearer no.token.here' }), 401],
    [() => askOf({ event_id: eventId, quantity: 1 }, { authorization: 'Basic xyz' }), 401],
  ];
  for (const [ask, status] of cases) {
    const before = handedOver;
    const answer = await bothAnswer(ask);
    expect({ given: ask().body.slice(45, 160), status: answer.status }).toMatchObject({ status });
    expect(handedOver).toBe(before + 1);
  }
});

test('whatever the body, both answer alike', async () => {
  const value = fc.oneof(
    fc.constantFrom(1, 2, 0, -1, 1e9, 0.5, null, true, '', 'x', [], {}, '1'),
    fc.constantFrom(
      open.eventId,
      soldOut.eventId,
      open.tierIds[0] ?? '',
      'ABCDEF00-0000-4000-8000-000000000000',
    ),
    fc.string({ maxLength: 12 }),
  );
  const field = fc.constantFrom(
    'event_id',
    'quantity',
    'tier_id',
    'idempotency_key',
    'items',
    '__proto__',
    'x',
  );
  const base = { event_id: open.eventId, quantity: 1 };
  const bodies = fc.oneof(
    fc.dictionary(field, value, { maxKeys: 4 }).map((body) => ({ ...base, ...body })),
    fc.dictionary(field, value, { maxKeys: 5 }),
  );
  await fc.assert(
    fc.asyncProperty(bodies, async (body) => {
      await bothAnswer(() => askOf(body));
    }),
    { numRuns: 150 },
  );
});

test('a limit counts a buyer once, whoever answers', async () => {
  const limited = await createFixture({ EVENTLY_LOAD_TEST: '0', BOOKING_RESERVE_PER_MINUTE: '3' }, f);
  const port = await listen('limited', '127.0.0.1', 0, listenerOfService(limited.service));
  try {
    const authorization = await newBuyer();
    const plain = askOf({ event_id: open.eventId, quantity: 1 }, { authorization });
    const unusual = askOf(
      { event_id: open.eventId, items: [{ tier_id: open.tierIds[0], quantity: 1 }] },
      { authorization },
    );
    const states: unknown[] = [];
    for (const ask of [plain, unusual, plain, plain, unusual]) {
      const { status, headers } = await send(port, ask);
      states.push([status, headers['ratelimit']?.toString().split(';t=')[0]]);
    }
    expect(states).toEqual([
      [200, '"reserve";r=2'],
      [200, '"reserve";r=1'],
      [200, '"reserve";r=0'],
      [429, '"reserve";r=0'],
      [429, '"reserve";r=0'],
    ]);
  } finally {
    await port.close();
    await limited.close();
  }
});
