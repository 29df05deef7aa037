import { expect, test } from 'vitest';
import { ingressSchema, nginxConfiguration, serviceSchema, type Ingress } from './ingress.ts';

const options = { port: 18_080, folder: '/tmp/nginx', isKind: true };
const booking = serviceSchema.parse({
  metadata: { name: 'booking', namespace: 'evently' },
  spec: { clusterIP: '10.96.0.7', ports: [{ name: 'http', port: 8004 }] },
});

function ingress(paths: readonly object[], spec: object = {}): Ingress {
  return ingressSchema.parse({
    metadata: { name: 'evently', namespace: 'evently' },
    spec: { rules: [{ http: { paths } }], ...spec },
  });
}
const to = (name: string, port: object, path = '/api/booking', pathType = 'Prefix') => ({
  path,
  pathType,
  backend: { service: { name, port } },
});

test('a prefix takes whole segments, by the name or the number of the port', () => {
  for (const port of [{ name: 'http' }, { number: 8004 }]) {
    const text = nginxConfiguration([ingress([to('booking', port)])], [booking], options);
    expect(text).toContain('location = /api/booking {');
    expect(text).toContain('location ^~ /api/booking/ {');
    expect(text).toContain('server 10.96.0.7:8004');
    expect(text).toContain('location / { return 404; }');
  }
});

test('an exact path is only itself, and the root takes all', () => {
  const paths = [to('booking', { number: 8004 }, '/webhooks', 'Exact'), to('booking', { number: 8004 }, '/')];
  const text = nginxConfiguration([ingress(paths)], [booking], options);
  expect(text).toContain('location = /webhooks {');
  expect(text).not.toContain('location ^~ /webhooks');
  expect(text).not.toContain('return 404');
});

test('every backend that does not exist is named, and nothing is written', () => {
  const paths = [to('bocking', { number: 8004 }), to('booking', { name: 'https' }, '/x')];
  expect(() => nginxConfiguration([ingress(paths)], [booking], options)).toThrow(
    /\/api\/booking: there is no Service bocking[\s\S]*\/x: Service booking has no port https/,
  );
});

test('a Service of another namespace and one without an address are no backends', () => {
  const elsewhere = { ...booking, metadata: { name: 'booking', namespace: 'other' } };
  const headless = { ...booking, spec: { ...booking.spec, clusterIP: 'None' } };
  const one = [ingress([to('booking', { number: 8004 })])];
  expect(() => nginxConfiguration(one, [elsewhere], options)).toThrow('there is no Service booking');
  expect(() => nginxConfiguration(one, [headless], options)).toThrow('no address of its own');
});

test('a path that is claimed twice, TLS and no Ingress at all are refused', () => {
  const path = to('booking', { number: 8004 });
  expect(() => nginxConfiguration([ingress([path, path])], [booking], options)).toThrow('claimed twice');
  expect(() => nginxConfiguration([ingress([path], { tls: [{}] })], [booking], options)).toThrow('TLS');
  expect(() => nginxConfiguration([], [booking], options)).toThrow('there is no Ingress');
});

test('the strict form keeps no connection and tries nothing again', () => {
  const text = nginxConfiguration([ingress([to('booking', { number: 8004 })])], [booking], {
    ...options,
    isKind: false,
  });
  expect(text.match(/server 10\.96\.0\.7/g)).toHaveLength(1);
  expect(text).toContain('proxy_next_upstream off');
  expect(text).not.toContain('keepalive 64');
});
