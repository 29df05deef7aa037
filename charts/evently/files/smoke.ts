/** What `helm test` asks, through the Services: that each part is ready, and answers as its interface says. */
import { setTimeout as pause } from 'node:timers/promises';

// Search is not everywhere.
const [user = '', event = '', booking = '', payment = '', search = null] = process.argv.slice(1);

/** `status` is what may be answered, `has` a member of the answer's JSON. */
type Check = { url: string; body?: object; status: readonly number[]; has?: string };

const checks: readonly Check[] = [
  ...[user, event, booking, payment, ...(search === null ? [] : [search])].flatMap((at) => [
    { url: `${at}/healthz`, status: [200] },
    { url: `${at}/health/started`, status: [200] },
    { url: `${at}/health/ready`, status: [200] },
    { url: `${at}/openapi.json`, status: [200], has: 'openapi' },
  ]),
  { url: `${user}/.well-known/jwks.json`, status: [200], has: 'keys' },
  { url: `${event}/.well-known/jwks.json`, status: [200], has: 'keys' },
  // The paths of the Ingress, which the pods know themselves.
  { url: `${event}/api/event/events`, status: [200] },
  {
    url: `${user}/api/user/auth/login`,
    body: { email: 'nobody@example.com' },
    status: [400, 401, 422, 429],
    has: 'code',
  },
  { url: `${booking}/api/booking/reserve`, body: {}, status: [401], has: 'code' },
  { url: `${payment}/webhooks/fake`, body: {}, status: [400, 401, 403, 404], has: 'code' },
  ...(search === null
    ? []
    : [
        { url: `${search}/api/search?q=a`, status: [200], has: 'results' },
        { url: `${search}/api/search/suggestions?q=a`, status: [200], has: 'suggestions' },
      ]),
  // Without the platform's key nobody gets further.
  { url: `${booking}/internal/sales/0197f3c2-5b1e-7c44-9d0a-3f6f5f1f2a10`, status: [401, 403], has: 'code' },
];

const attempts = 10;
const deadlineMs = 5_000;
const pauseMs = 1_000;
const quotedCharacters = 300;

async function faultOf({ url, body, status, has }: Check): Promise<string | null> {
  try {
    const sent =
      body === undefined
        ? {}
        : {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(body),
          };
    const answer = await fetch(url, { ...sent, signal: AbortSignal.timeout(deadlineMs) });
    const text = await answer.text();
    const said = `${url} answered ${answer.status}: ${text.slice(0, quotedCharacters)}`;
    if (!status.includes(answer.status)) return `${said}; one of ${status.join(', ')} was expected`;
    return has === undefined || text.includes(`"${has}"`) ? null : `${said}; it has no "${has}"`;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    return `${url}: ${error instanceof Error ? error.message : String(error)}${cause}`;
  }
}

let faults: string[] = [];
for (let attempt = 1; attempt <= attempts; attempt += 1) {
  const found = await Promise.all(checks.map(faultOf));
  faults = found.filter((fault) => fault !== null);
  if (faults.length === 0) break;
  await pause(pauseMs);
}
for (const fault of faults) process.stderr.write(`${fault}\n`);
const summary =
  faults.length === 0
    ? `All ${checks.length} answers are as they should be.`
    : `${faults.length} of ${checks.length} answers are not as they should be.`;
process.stdout.write(`${summary}\n`);
process.exit(faults.length === 0 ? 0 : 1);
