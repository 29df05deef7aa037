/** The few routes that the commands call, answered from memory, so that their own logic is tested in milliseconds. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';

type Json = Record<string, unknown>;
type Reply = { status: number; body: Json; headers?: Record<string, string> };
type Event = {
  event_id: string;
  name: string;
  status: string;
  total_capacity: number;
  taken: Map<string, string>;
};

/** How the platform misbehaves, to see whether the drill notices. */
export type Vice = 'none' | 'oversells' | 'loses' | 'says-retry' | 'half-sold';

export type PretendPlatform = {
  url: string;
  venues: Map<string, Json>;
  events: Map<string, Event>;
  accounts: Map<string, { password: string; role: 'user' | 'admin' }>;
  requests: string[];
  /** Names the paths that answer 429 with Retry-After 0 once. */
  limitOnce: Set<string>;
  close: () => Promise<void>;
};

export const bootstrapToken = 'a-token-for-one-time';
export const internalKey = 'an-internal-key-of-tests';

export async function startPretendPlatform(vice: Vice = 'none', loadTest = true): Promise<PretendPlatform> {
  const state = {
    venues: new Map<string, Json>(),
    events: new Map<string, Event>(),
    accounts: new Map<string, { password: string; role: 'user' | 'admin' }>(),
    requests: new Array<string>(),
    limitOnce: new Set<string>(),
  };
  const server = createServer((req, res) => {
    let text = '';
    req.on('data', (chunk: Buffer) => (text += chunk.toString()));
    req.on('end', () => {
      const reply = answer(state, vice, loadTest, req, text === '' ? {} : toJson(text));
      res.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
      res.end(
        JSON.stringify(reply.status < 400 ? reply.body : { error: 'refused by the test', ...reply.body }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    ...state,
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type State = Pick<PretendPlatform, 'venues' | 'events' | 'accounts' | 'requests' | 'limitOnce'>;

function answer(state: State, vice: Vice, loadTest: boolean, req: IncomingMessage, body: Json): Reply {
  const url = new URL(req.url ?? '/', 'http://test');
  const route = `${req.method} ${url.pathname}`;
  state.requests.push(route);
  if (state.limitOnce.delete(url.pathname)) return { status: 429, body: {}, headers: { 'retry-after': '0' } };
  const token = req.headers.authorization?.slice('Bearer '.length) ?? '';
  if (route === 'POST /internal/load-test/tokens') return issueTokens(loadTest, req, body);
  if (route.startsWith('POST /api/user/auth/') || route.startsWith('POST /api/event/auth/'))
    return account(state, route, token, body);
  if (route.startsWith('POST /api/booking') || route.startsWith('GET /api/booking'))
    return booking(state, vice, url, token, body);
  if (token !== 'admin') return { status: 401, body: {} };
  return catalog(state, vice, route, url, body);
}

function issueTokens(loadTest: boolean, req: IncomingMessage, body: Json): Reply {
  if (!loadTest) return { status: 404, body: {} };
  if (req.headers['x-api-key'] !== internalKey) return { status: 401, body: {} };
  const users = Array.from({ length: Number(body['count']) }, (_, index) => ({
    user_id: `u${index}`,
    access_token: `issued-${index}`,
  }));
  return { status: 200, body: { users } };
}

function account(state: State, route: string, token: string, body: Json): Reply {
  const email = String(body['email']);
  const known = state.accounts.get(email);
  const role = route.includes('/api/event/') ? 'admin' : 'user';
  const session = {
    user_id: email,
    admin_id: email,
    access_token: role === 'admin' ? 'admin' : `token of ${email}`.replaceAll(' ', '-'),
  };
  if (route.endsWith('/login')) {
    return known?.role === role && known.password === body['password']
      ? { status: 200, body: session }
      : { status: 401, body: {} };
  }
  const hasAdmin = [...state.accounts.values()].some((one) => one.role === 'admin');
  if (role === 'admin' && token !== 'admin' && (token !== bootstrapToken || hasAdmin))
    return { status: 401, body: {} };
  if (known !== undefined) return { status: 409, body: {} };
  state.accounts.set(email, { password: String(body['password']), role });
  return { status: 201, body: session };
}

function catalog(state: State, vice: Vice, route: string, url: URL, body: Json): Reply {
  const id = randomUUID();
  const [, eventId = ''] = /\/events\/([^/]+)/.exec(url.pathname) ?? [];
  const event = state.events.get(eventId);
  if (route === 'POST /api/event/admin/venues') {
    state.venues.set(id, { ...body, venue_id: id });
    return { status: 201, body: { venue_id: id } };
  }
  if (route === 'GET /api/event/admin/venues') return page(url, 'venues', [...state.venues.values()]);
  if (route === 'GET /api/event/admin/events') {
    return page(
      url,
      'events',
      [...state.events.values()].map(({ taken: _taken, ...shown }) => shown),
    );
  }
  if (route === 'POST /api/event/admin/events') {
    const made = {
      event_id: id,
      name: String(body['name']),
      status: 'draft',
      total_capacity: Number(body['total_capacity']),
      taken: new Map(),
    };
    state.events.set(id, made);
    return { status: 201, body: { event_id: id } };
  }
  if (event === undefined) return { status: 404, body: {} };
  if (url.pathname.endsWith('/publish')) event.status = 'published';
  const held = event.taken.size - (vice === 'loses' ? 1 : 0);
  const { total_capacity } = event;
  return {
    status: 200,
    body: { total_capacity, tickets_sold: 0, held, available_seats: total_capacity - held },
  };
}

function page(url: URL, name: string, items: readonly Json[]): Reply {
  const limit = Number(url.searchParams.get('limit'));
  const from = (Number(url.searchParams.get('page')) - 1) * limit;
  return { status: 200, body: { [name]: items.slice(from, from + limit), total: items.length } };
}

function booking(state: State, vice: Vice, url: URL, token: string, body: Json): Reply {
  if (url.pathname.endsWith('/check-availability')) {
    const event = state.events.get(url.searchParams.get('event_id') ?? '');
    const taken = (event?.taken.size ?? 0) - (vice === 'loses' ? 1 : 0);
    return { status: 200, body: { available_seats: (event?.total_capacity ?? 0) - taken } };
  }
  if (!url.pathname.endsWith('/reserve')) {
    const owners = [...state.events.values()].map(({ taken }) =>
      taken.get(url.pathname.split('/').at(-1) ?? ''),
    );
    return owners.includes(token)
      ? { status: 200, body: { quantity: 1, status: 'pending' } }
      : { status: 404, body: {} };
  }
  const event = state.events.get(String(body['event_id']));
  if (event === undefined || event.status !== 'published') return { status: 404, body: {} };
  const limit =
    vice === 'oversells'
      ? event.total_capacity + 1
      : vice === 'half-sold'
        ? event.total_capacity / 2
        : event.total_capacity;
  if (event.taken.size >= limit) {
    return {
      status: 409,
      body: { code: 'sold_out', ...(vice === 'says-retry' ? { error: 'Conflict, please retry' } : {}) },
    };
  }
  const id = randomUUID();
  event.taken.set(id, token);
  return { status: 200, body: { reservation_id: id } };
}

function toJson(text: string): Json {
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
}
