// What `helm test` asks, through the Services: that each part is ready, and answers as its interface says.
const address = (name, port) => process.env[`${name.toUpperCase()}_URL`] ?? `http://${name}:${port}`;
const user = address('user', 8001);
const event = address('event', 8002);
const booking = address('booking', 8004);
const payment = address('payment', 8005);
const json = { 'content-type': 'application/json' };
const ids = { method: 'POST', headers: json, body: JSON.stringify({}) };
const login = { ...ids, body: JSON.stringify({ email: 'nobody@example.com', password: 'not-the-password' }) };

const checks = [
  ...[user, event, booking, payment].flatMap((at) => [
    { what: `${at}/healthz`, status: [200] },
    { what: `${at}/health/started`, status: [200] },
    { what: `${at}/health/ready`, status: [200] },
    { what: `${at}/openapi.json`, status: [200], has: 'openapi' },
  ]),
  { what: `${user}/.well-known/jwks.json`, status: [200], has: 'keys' },
  { what: `${event}/.well-known/jwks.json`, status: [200], has: 'keys' },
  // The paths of the Ingress, which the pods know themselves.
  { what: `${event}/api/event/events`, status: [200] },
  { what: `${user}/api/user/auth/login`, init: login, status: [401, 404, 429] },
  { what: `${booking}/api/booking/reserve`, init: ids, status: [401], has: 'code' },
  { what: `${booking}/internal/sales/0197f3c2-5b1e-7c44-9d0a-3f6f5f1f2a10`, status: [401, 403] },
];

const attempts = 10;
const deadlineMs = 5_000;
const pauseMs = 1_000;

async function faultOf({ what, init, status, has }) {
  try {
    const answer = await fetch(what, { ...init, signal: AbortSignal.timeout(deadlineMs) });
    const body = await answer.text();
    if (!status.includes(answer.status))
      return `${what} answered ${answer.status}, not ${status}: ${body.slice(0, 300)}`;
    return has === undefined || has in JSON.parse(body)
      ? null
      : `${what} has no "${has}": ${body.slice(0, 300)}`;
  } catch (error) {
    return `${what}: ${error.cause?.message ?? error.message}`;
  }
}

let faults = [];
for (let attempt = 1; attempt <= attempts; attempt += 1) {
  faults = (await Promise.all(checks.map(faultOf))).filter((fault) => fault !== null);
  if (faults.length === 0) break;
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
}
for (const fault of faults) console.error(fault);
console.log(
  faults.length === 0
    ? `All ${checks.length} answers are as they should be.`
    : `${faults.length} of ${checks.length} are not.`,
);
process.exit(faults.length === 0 ? 0 : 1);
