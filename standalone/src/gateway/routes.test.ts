import fc from 'fast-check';
import { expect, test } from 'vitest';
import { publicPathOf } from '@evently/contracts/public-paths';
import { routeOf } from './routes.ts';

test.each([
  ['/api/user/auth/login', 'user', '/api/v1/auth/login'],
  ['/api/event/events?limit=100&city=Goa', 'event', '/api/v1/events?limit=100&city=Goa'],
  ['/api/booking/reserve', 'booking', '/api/v1/bookings/reserve'],
  ['/api/booking/confirm?x=1', 'booking', '/api/v1/bookings/confirm?x=1'],
  ['/api/booking/bookings/reserve', 'booking', '/api/v1/bookings/reserve'],
  ['/api/booking/waitlist/position?event_id=../x', 'booking', '/api/v1/waitlist/position?event_id=../x'],
  ['/api/search/search?q=x', 'search', '/api/v1/search?q=x'],
  ['/api/search?q=x', 'search', '/api/v1/search?q=x'],
  ['/api/search/search/trending', 'search', '/api/v1/search/trending'],
  ['/api/search/suggestions?q=x', 'search', '/api/v1/search/suggestions?q=x'],
  ['/api/payment/payments/1', 'payment', '/api/v1/payments/1'],
  ['/webhooks/fake?x=1', 'payment', '/webhooks/fake?x=1'],
  ['http://other.example:81/api/user/users/profile', 'user', '/api/v1/users/profile'],
])('%s reaches %s', (target, service, url) => {
  expect(routeOf(target)).toEqual({ kind: 'service', service, url });
});

test.each(['notification', 'analytics', 'waitingroom'])('%s is named as absent', (service) => {
  expect(routeOf(`/api/${service}/x`)).toEqual({ kind: 'absent', service });
});

test.each([
  '/',
  '/docs',
  '/api',
  '/api/user',
  '/api/user/',
  '/api/v1/events',
  '/internal/users/1',
  '/apix/user/1',
  '/webhooks',
  '/api/booking',
])('%s stays with the gateway', (target) => expect(routeOf(target)).toEqual({ kind: 'page' }));

test.each([
  '/api/user/../internal/auth/verify',
  '/api/user/%2e%2e/internal',
  '/api/user/.%2E/internal',
  '/api/user/./x',
  '/api/user/..',
  '/api/user//internal',
  '//api/user/x',
  '/api/user/..%2finternal',
  '/api/user/%2Finternal',
  '/api/user/..\\internal',
  '/api/user/%5c..',
  '/api/user/x%00',
  '/api/user/%',
  '/api/user/%252e%252e/internal',
  '/api/user/x#/internal',
  '/webhooks/../internal/payments',
  'http://h/api/user/../internal',
  'http://h//api/user/x',
  'ftp://h/api/user/x',
  '*',
  'h:80',
  '',
  'api/user/x',
])('%s is refused, in whatever spelling', (target) => {
  expect(routeOf(target)).toEqual({ kind: 'invalid' });
});

test('no target at all reaches a path outside /api/v1/ and /webhooks/', () => {
  const piece = fc.constantFrom(
    'api',
    'user',
    'booking',
    'webhooks',
    'internal',
    '/',
    '//',
    '.',
    '..',
    '%2e',
    '%2f',
    '%5C',
    '\\',
    'v1',
    '?',
    '#',
    'http://h',
    '%',
  );
  const target = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(
      fc.oneof(
        target,
        target.map((rest) => `/api/user/${rest}`),
      ),
      (sent) => {
        const route = routeOf(sent);
        if (route.kind !== 'service') return;
        expect(new URL(route.url, 'http://service').pathname).toMatch(/^\/(api\/v1|webhooks)\/./);
      },
    ),
    { numRuns: 5_000 },
  );
});

test('the merged document names public paths only', () => {
  expect(publicPathOf('booking', '/api/v1/bookings/reserve')).toBe('/api/booking/reserve');
  expect(publicPathOf('booking', '/api/v1/bookings/{id}')).toBe('/api/booking/bookings/{id}');
  expect(publicPathOf('search', '/api/v1/search')).toBe('/api/search');
  expect(publicPathOf('payment', '/webhooks/{provider}')).toBe('/webhooks/{provider}');
  expect(publicPathOf('user', '/internal/auth/verify')).toBeNull();
  expect(publicPathOf('user', '/.well-known/jwks.json')).toBeNull();
  expect(publicPathOf('user', '/healthz')).toBeNull();
});
