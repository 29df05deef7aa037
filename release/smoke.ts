/** Asks a running platform what any visitor may ask, and changes nothing: each service has to answer as itself. */
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { monotonicMs, pause } from '@evently/kit/clock';

export type Question = {
  about: string;
  method: 'GET' | 'POST';
  path: string;
  body?: unknown;
  status: number;
  /** The code of the problem document that must come back. */
  code?: string;
  /** Of a service that an installation may do without. */
  of?: 'search';
};
export type Answer = { about: string; fault: string | null };

const requestMs = 10_000;
/** A balancer in front may need a moment to find pods that became ready just now. */
const patienceMs = 60_000;
const againMs = 1_000;
const problemSchema = z.looseObject({ code: z.string() });

/**
 * Questions to every public service but those that this installation is `without`; the refusals prove that the one asked
 * has looked.
 */
export function questions(without: readonly string[] = []): Question[] {
  const nobody = randomUUID();
  return allQuestions(nobody).filter(({ of }) => of === undefined || !without.includes(of));
}

function allQuestions(nobody: string): Question[] {
  return [
    { about: 'event lists what is on', method: 'GET', path: '/api/event/events?limit=1', status: 200 },
    {
      about: 'search finds nothing by words that nothing has',
      method: 'GET',
      path: `/api/search?q=${nobody.replaceAll('-', 'q')}&limit=1`,
      status: 200,
      of: 'search',
    },
    {
      about: 'search refuses a page that is out of reach',
      method: 'GET',
      path: '/api/search?page=1000&limit=100',
      status: 400,
      code: 'invalid_request',
      of: 'search',
    },
    {
      about: 'booking looks into its database',
      method: 'GET',
      path: `/api/booking/bookings/check-availability?event_id=${nobody}`,
      status: 404,
      code: 'not_found',
    },
    {
      about: 'booking sells to nobody without a token',
      method: 'POST',
      path: '/api/booking/reserve',
      body: { event_id: nobody, quantity: 1, idempotency_key: nobody },
      status: 401,
      code: 'unauthorized',
    },
    {
      about: 'user refuses a stranger',
      method: 'POST',
      path: '/api/user/auth/login',
      body: { email: `smoke-${nobody}@example.org`, password: nobody },
      status: 401,
      code: 'invalid_credentials',
    },
    {
      about: 'internal routes are not public',
      method: 'GET',
      path: `/internal/events/${nobody}`,
      status: 404,
    },
  ];
}

/** Asks all at once; a question that fails is asked again until `patience` is over. */
export function askAll(
  url: string,
  patience: number = patienceMs,
  without: readonly string[] = [],
): Promise<Answer[]> {
  const endsAtMs = monotonicMs() + patience;
  return Promise.all(
    questions(without).map(async (question) => {
      for (;;) {
        const fault = await ask(url, question);
        if (fault === null || monotonicMs() > endsAtMs) return { about: question.about, fault };
        await pause(againMs);
      }
    }),
  );
}

async function ask(url: string, { method, path, body, status, code }: Question): Promise<string | null> {
  try {
    const response = await fetch(new URL(path, url), {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(requestMs),
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status !== status)
      return `answered ${response.status}, expected ${status}: ${text.slice(0, 200)}`;
    if (code === undefined) return null;
    const problem = problemSchema.safeParse(JSON.parse(text));
    return problem.data?.code === code ? null : `answered no problem "${code}": ${text.slice(0, 200)}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

if (import.meta.main) {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { without: { type: 'string', multiple: true, default: [] } },
  });
  const [url = ''] = positionals;
  const unknown = values.without.filter((name) => name !== 'search');
  if (!URL.canParse(url) || unknown.length > 0) {
    process.stderr.write(
      unknown.length > 0
        ? `No platform is without ${unknown.join(', ')}; it may be without search.\n`
        : 'Say which platform: make smoke URL=http://127.0.0.1:8080\n',
    );
    process.exitCode = 1;
  } else {
    for (const { about, fault } of await askAll(url, patienceMs, values.without)) {
      process.stdout.write(
        `${fault === null ? 'ok    ' : 'FAILED'}  ${about}${fault === null ? '' : `: ${fault}`}\n`,
      );
      if (fault !== null) process.exitCode = 1;
    }
  }
}
