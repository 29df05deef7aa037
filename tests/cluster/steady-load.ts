/** Requests that go on evenly while something is done to the platform, with what became of each. */
import { monotonicMs, pause } from '@evently/kit/clock';

export type Request = {
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  token?: string;
  body?: unknown;
};
/** `status` 0 is a connection that broke; times are those of `monotonicMs`. */
export type Told = {
  kind: string;
  request: Request;
  status: number;
  body: string;
  beganMs: number;
  endedMs: number;
};
export type Round = {
  kind: string;
  /** The next request of this kind, by its number. */
  next: (at: number) => Request | Promise<Request>;
  perSecond: number;
  /** Statuses beside 2xx that are as good. */
  expects?: readonly number[];
  onAnswer?: (told: Told) => void;
};
export type SteadyLoad = {
  told: () => readonly Told[];
  /** Stops asking, waits for the answers under way, and answers all. */
  stop: () => Promise<readonly Told[]>;
};

const requestMs = 15_000;
const maxRequests = 60_000;

/** Each kind is asked at its own pace, whatever becomes of those before. */
export function startSteadyLoad(url: string, rounds: readonly Round[]): SteadyLoad {
  const told: Told[] = [];
  const underWay = new Set<Promise<void>>();
  const stopping = new AbortController();
  const runs = rounds.map(async (round) => {
    const begun = monotonicMs();
    for (let at = 0; at < maxRequests && !stopping.signal.aborted; at += 1) {
      await pause(Math.max(0, begun + (at * 1_000) / round.perSecond - monotonicMs()), stopping.signal);
      if (stopping.signal.aborted) break;
      const one = (async () => {
        const answer = await send(url, round.kind, await round.next(at));
        told.push(answer);
        round.onAnswer?.(answer);
      })();
      underWay.add(one);
      void one.finally(() => underWay.delete(one));
    }
  });
  return {
    told: () => told,
    stop: async () => {
      stopping.abort();
      await Promise.all(runs);
      await Promise.all(underWay);
      return told;
    },
  };
}

export async function send(url: string, kind: string, request: Request): Promise<Told> {
  const beganMs = monotonicMs();
  const end = (status: number, body: string): Told => ({
    kind,
    request,
    status,
    body,
    beganMs,
    endedMs: monotonicMs(),
  });
  try {
    const answer = await fetch(`${url}${request.path}`, {
      method: request.method,
      headers: {
        accept: 'application/json',
        ...(request.token === undefined ? {} : { authorization: `Bearer ${request.token}` }),
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      signal: AbortSignal.timeout(requestMs),
    });
    return end(answer.status, await answer.text());
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
    return end(0, `${String(error)} ${cause}`);
  }
}

/** Those that were not answered as they should have been. */
export function failuresIn(told: readonly Told[], rounds: readonly Round[]): Told[] {
  const expected = new Map(rounds.map(({ kind, expects = [] }) => [kind, new Set(expects)]));
  return told.filter(
    ({ kind, status }) => (status < 200 || status > 299) && !expected.get(kind)?.has(status),
  );
}

/** How many of each kind and status there were, for a person. */
export function countsOf(told: readonly Told[]): string {
  const counts = new Map<string, number>();
  for (const { kind, status } of told) {
    const key = `${kind} ${status === 0 ? 'broken' : status}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts]
    .map(([key, count]) => `${key}: ${count}`)
    .toSorted()
    .join(', ');
}

/** The first few, with what was answered. */
export function describeTold(told: readonly Told[], sinceMs: number): string[] {
  const shown = 12;
  const bodyCharacters = 160;
  return told
    .slice(0, shown)
    .map(
      ({ kind, status, body, beganMs, endedMs }) =>
        `${kind} from ${Math.round(beganMs - sinceMs)} to ${Math.round(endedMs - sinceMs)} ms: ${status} ${body.slice(0, bodyCharacters)}`,
    );
}
