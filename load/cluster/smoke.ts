/** A smoke test through the Ingress: what everybody may see answers, and what nobody may see does not. */
import { check } from 'k6';
import http, { type Response } from 'k6/http';
import type { Options } from 'k6/options';

const baseUrl = __ENV['BASE_URL'] ?? 'http://127.0.0.1:8080';

export const options: Options = {
  scenarios: { smoke: { executor: 'per-vu-iterations', exec: 'smoke', vus: 1, iterations: 1 } },
  thresholds: { checks: ['rate==1'] },
};

const deadline = { timeout: '10s' };
const asJson = { ...deadline, headers: { 'content-type': 'application/json', accept: 'application/json' } };

export function smoke(): void {
  const list = http.get(`${baseUrl}/api/event/events?limit=5`, deadline);
  check(list, { 'the list of events answers': ({ status }) => status === 200 });
  check(list, { 'it is a list': (answer) => Array.isArray(answer.json('events')) });

  const found = http.get(`${baseUrl}/api/search?q=concert&limit=5`, deadline);
  check(found, { 'the search answers': ({ status }) => status === 200 });
  check(found, { 'it has a list of results': (answer) => Array.isArray(answer.json('results')) });
  const deep = http.get(`${baseUrl}/api/search?page=1000&limit=100`, deadline);
  check(deep, { 'a page out of reach is refused': (answer) => isProblem(answer, 400) });

  const reservation = JSON.stringify({ event_id: '0197f3c2-5b1e-7c44-9d0a-3f6f5f1f2a10', quantity: 1 });
  const stranger = http.post(`${baseUrl}/api/booking/reserve`, reservation, asJson);
  check(stranger, { 'nobody reserves without a token': (answer) => isProblem(answer, 401) });

  const login = JSON.stringify({ email: 'nobody@example.com', password: 'not-the-password' });
  const refused = http.post(`${baseUrl}/api/user/auth/login`, login, asJson);
  check(refused, { 'an unknown buyer is not let in': (answer) => isProblem(answer, 401) });

  const webhook = http.post(`${baseUrl}/webhooks/payments`, '{}', asJson);
  check(webhook, { 'a webhook without signature is refused': ({ status }) => status >= 400 && status < 500 });

  for (const path of ['/internal/dead-letters', '/metrics', '/healthz', '/.well-known/jwks.json']) {
    const inside = http.get(`${baseUrl}${path}`, deadline);
    check(inside, { [`${path} is not reached from outside`]: ({ status }) => status === 404 });
  }
}

/** RFC 9457, as every refusal of the platform is. */
function isProblem(answer: Response, status: number): boolean {
  const type = answer.headers['Content-Type'] ?? '';
  return answer.status === status && type.startsWith('application/problem+json');
}
