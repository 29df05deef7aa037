/** The rules of NetworkPolicies, one by one, on policies made by hand; the traps among them. */
import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import {
  contains,
  judgeBetween,
  policiesOf,
  type Endpoint,
  type Pod,
  type Reading,
  type Target,
} from './evaluate.ts';
import { readPolicy, type Policy } from './policy.ts';
import { selects } from './selector.ts';

function pod(name: string, labels: Record<string, string>, namespace = 'evently'): Pod {
  return {
    kind: 'pod',
    name,
    namespace,
    namespaceLabels: { 'kubernetes.io/metadata.name': namespace },
    labels,
    ports: [
      { name: 'http', port: name === 'odd' ? 9999 : 8004, protocol: 'TCP' },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ],
    ip: { booking: '10.244.1.1', event: '10.244.1.2', away: '10.244.2.3' }[name] ?? '10.244.9.9',
  };
}
const booking = pod('booking', { app: 'booking', tier: 'back' });
const event = pod('event', { app: 'event', tier: 'back' });
const stray = pod('stray', {});
const away = pod('away', { app: 'event' }, 'elsewhere');
const world: Endpoint = { kind: 'outside', name: 'world', ip: '203.0.113.7' };
const http: Target = { port: 8004, protocol: 'TCP' };

/** A policy of the namespace evently, its spec in YAML. */
function policy(spec: string, namespace = 'evently'): Policy {
  return readPolicy(
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'made-by-hand', namespace },
      spec: parse(spec),
    },
    'evently',
  );
}
function allowed(
  policies: readonly Policy[],
  from: Endpoint,
  to: Endpoint,
  target = http,
  reading: Reading = 'blocks match pods',
): boolean {
  return judgeBetween(policies, from, to, reading)(target).allowed;
}

describe('which pods a policy is about', () => {
  test('without a policy everything is allowed, in both directions', () => {
    expect(allowed([], event, booking)).toBe(true);
    expect(allowed([], booking, world)).toBe(true);
    expect(allowed([], world, booking, { port: 1, protocol: 'SCTP' })).toBe(true);
  });

  test('an empty podSelector is every pod of its own namespace and of no other', () => {
    const deny = [policy('{ podSelector: {}, policyTypes: [Ingress] }')];
    expect([allowed(deny, event, booking), allowed(deny, away, stray)]).toEqual([false, false]);
    expect(allowed(deny, booking, away)).toBe(true);
    expect(
      allowed([policy('{ podSelector: {}, policyTypes: [Ingress] }', 'elsewhere')], event, booking),
    ).toBe(true);
  });

  test('a policy that selects the pod for one direction leaves the other open', () => {
    const ingress = [policy('{ podSelector: { matchLabels: { app: booking } }, policyTypes: [Ingress] }')];
    expect(judgeBetween(ingress, event, booking, 'blocks match pods')(http)).toEqual({
      allowed: false,
      refusedBy: 'ingress of the called',
    });
    expect(allowed(ingress, booking, event)).toBe(true);
  });

  test.each([
    ['{ matchExpressions: [{ key: app, operator: In, values: [booking, event] }] }', [true, true, false]],
    ['{ matchExpressions: [{ key: app, operator: NotIn, values: [event] }] }', [true, false, true]],
    ['{ matchExpressions: [{ key: app, operator: Exists }] }', [true, true, false]],
    ['{ matchExpressions: [{ key: app, operator: DoesNotExist }] }', [false, false, true]],
    [
      '{ matchLabels: { tier: back }, matchExpressions: [{ key: app, operator: NotIn, values: [event] }] }',
      [true, false, false],
    ],
    ['{}', [true, true, true]],
  ])('the selector %s chooses booking, event, stray: %j', (selector, chosen) => {
    const { podSelector } = policy(`{ podSelector: ${selector} }`);
    expect([booking, event, stray].map(({ labels }) => selects(podSelector, labels))).toEqual(chosen);
  });
});

describe('policyTypes that are not there', () => {
  test('a policy without them is about ingress, and about egress only when it has an egress rule', () => {
    const types = (spec: string): string[] => Object.keys(policy(spec).rules);
    expect(types('{ podSelector: {} }')).toEqual(['Ingress']);
    expect(types('{ podSelector: {}, ingress: [{}] }')).toEqual(['Ingress']);
    expect(types('{ podSelector: {}, egress: [{}] }')).toEqual(['Ingress', 'Egress']);
    expect(types('{ podSelector: {}, egress: [] }')).toEqual(['Ingress']);
    expect(types('{ podSelector: {}, policyTypes: [] , egress: [{}] }')).toEqual(['Ingress', 'Egress']);
  });

  test('so a policy written for egress alone closes the ingress as well', () => {
    const meantForEgress = [policy('{ podSelector: { matchLabels: { app: booking } }, egress: [{}] }')];
    expect(allowed(meantForEgress, booking, world)).toBe(true);
    expect(allowed(meantForEgress, event, booking)).toBe(false);
  });

  test('rules of a direction that policyTypes does not name do nothing', () => {
    const named = [
      policy('{ podSelector: {}, policyTypes: [Ingress], ingress: [{}], egress: [{ to: [] }] }'),
    ];
    expect(policiesOf(named, 'Egress', booking)).toEqual([]);
    expect(allowed(named, booking, world)).toBe(true);
  });
});

describe('peers', () => {
  test('one peer with both selectors is an "and"; two peers are an "or"', () => {
    const inOne = [
      policy(`
        podSelector: { matchLabels: { app: booking } }
        ingress:
          - from:
              - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: elsewhere } }
                podSelector: { matchLabels: { app: event } }`),
    ];
    const inTwo = [
      policy(`
        podSelector: { matchLabels: { app: booking } }
        ingress:
          - from:
              - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: elsewhere } }
              - podSelector: { matchLabels: { app: event } }`),
    ];
    const strayAway = pod('stray', {}, 'elsewhere');
    expect([away, event, strayAway].map((from) => allowed(inOne, from, booking))).toEqual([
      true,
      false,
      false,
    ]);
    expect([away, event, strayAway].map((from) => allowed(inTwo, from, booking))).toEqual([true, true, true]);
  });

  test('a podSelector alone is about pods of the policy’s own namespace', () => {
    const own = [
      policy(
        '{ podSelector: { matchLabels: { app: booking } }, ingress: [{ from: [{ podSelector: {} }] }] }',
      ),
    ];
    expect([allowed(own, stray, booking), allowed(own, away, booking)]).toEqual([true, false]);
  });

  test('an empty namespaceSelector is every pod of every namespace, and no address outside', () => {
    const any = [policy('{ podSelector: {}, ingress: [{ from: [{ namespaceSelector: {} }] }] }')];
    expect([allowed(any, stray, booking), allowed(any, away, booking), allowed(any, world, booking)]).toEqual(
      [true, true, false],
    );
  });

  test('a rule without peers is everybody; an empty list of rules is nobody', () => {
    expect(allowed([policy('{ podSelector: {}, ingress: [{}] }')], world, booking)).toBe(true);
    expect(allowed([policy('{ podSelector: {}, ingress: [{ from: [] }] }')], world, booking)).toBe(true);
    expect(allowed([policy('{ podSelector: {}, ingress: [] }')], event, booking)).toBe(false);
  });

  test('a block has holes, and whether it is about pods depends on the network', () => {
    const block = [
      policy(`
        podSelector: {}
        policyTypes: [Egress]
        egress: [{ to: [{ ipBlock: { cidr: 0.0.0.0/0, except: [10.0.0.0/8, 203.0.113.0/29] } }] }]`),
    ];
    const other: Endpoint = { ...world, ip: '203.0.113.8' };
    expect([world, other, event].map((to) => allowed(block, booking, to))).toEqual([false, true, false]);
    const all = [
      policy(
        '{ podSelector: {}, policyTypes: [Egress], egress: [{ to: [{ ipBlock: { cidr: 0.0.0.0/0 } }] }] }',
      ),
    ];
    expect(allowed(all, booking, event)).toBe(true);
    expect(allowed(all, booking, event, http, 'blocks match no pod')).toBe(false);
    expect(allowed(all, booking, { ...world, ip: '2001:db8::1' })).toBe(false);
  });

  test.each([
    ['10.244.0.0/16', '10.244.255.255', true],
    ['10.244.0.0/16', '10.245.0.0', false],
    ['203.0.113.7/32', '203.0.113.7', true],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '10.0.0.1', false],
  ])('%s contains %s: %s', (cidr, ip, inside) => {
    expect(contains(cidr, ip)).toBe(inside);
  });
});

describe('ports', () => {
  const ingress = (ports: string): Policy[] => [
    policy(`{ podSelector: {}, ingress: [{ ports: ${ports} }] }`),
  ];
  const on = (
    ports: string,
    port: number,
    protocol: Target['protocol'] = 'TCP',
    to: Pod = booking,
  ): boolean => allowed(ingress(ports), event, to, { port, protocol });

  test('a port is TCP unless it says otherwise', () => {
    expect([on('[{ port: 53 }]', 53), on('[{ port: 53 }]', 53, 'UDP')]).toEqual([true, false]);
    expect([on('[{ port: 53, protocol: UDP }]', 53), on('[{ port: 53, protocol: UDP }]', 53, 'UDP')]).toEqual(
      [false, true],
    );
  });

  test('a protocol without a port is all ports of it; no ports are all of every protocol', () => {
    expect([on('[{ protocol: UDP }]', 4711, 'UDP'), on('[{ protocol: UDP }]', 4711)]).toEqual([true, false]);
    expect(on('[]', 4711, 'SCTP')).toBe(true);
  });

  test('endPort makes a range that includes both ends', () => {
    const range = '[{ port: 8001, endPort: 8005 }]';
    expect([8000, 8001, 8005, 8006].map((port) => on(range, port))).toEqual([false, true, true, false]);
  });

  test('a name is the port of the pod that is called, whatever its number there', () => {
    const odd = pod('odd', {});
    expect([on('[{ port: http }]', 8004), on('[{ port: http }]', 8005)]).toEqual([true, false]);
    expect([on('[{ port: http }]', 9999, 'TCP', odd), on('[{ port: http }]', 8004, 'TCP', odd)]).toEqual([
      true,
      false,
    ]);
    expect([on('[{ port: dns }]', 53), on('[{ port: dns, protocol: UDP }]', 53, 'UDP')]).toEqual([
      false,
      true,
    ]);
    const out = [policy('{ podSelector: {}, policyTypes: [Egress], egress: [{ ports: [{ port: http }] }] }')];
    expect([allowed(out, event, booking), allowed(out, booking, world)]).toEqual([true, false]);
  });

  test('peers and ports of one rule belong together; two rules do not lend each other theirs', () => {
    const two = [
      policy(`
        podSelector: { matchLabels: { app: booking } }
        ingress:
          - { from: [{ podSelector: { matchLabels: { app: event } } }], ports: [{ port: 8004 }] }
          - { from: [{ namespaceSelector: {} }], ports: [{ port: 9464 }] }`),
    ];
    expect(allowed(two, event, booking)).toBe(true);
    expect(allowed(two, away, booking)).toBe(false);
    expect(allowed(two, away, booking, { port: 9464, protocol: 'TCP' })).toBe(true);
  });
});

test('policies add up, and both ends have to agree', () => {
  const denyAll = policy('{ podSelector: {}, policyTypes: [Ingress, Egress] }');
  const out = policy(
    '{ podSelector: { matchLabels: { app: event } }, policyTypes: [Egress], egress: [{ ports: [{ port: 8004 }] }] }',
  );
  const into = policy(
    '{ podSelector: { matchLabels: { app: booking } }, ingress: [{ ports: [{ port: 8004 }] }] }',
  );
  expect(judgeBetween([denyAll, into], event, booking, 'blocks match pods')(http)).toEqual({
    allowed: false,
    refusedBy: 'egress of the caller',
  });
  expect(allowed([denyAll, out], event, booking)).toBe(false);
  expect(allowed([denyAll, out, into], event, booking)).toBe(true);
});

test.each([
  ['an unknown field', '{ podSelector: {}, ingres: [{}] }'],
  ['a peer of nothing', '{ podSelector: {}, ingress: [{ from: [{}] }] }'],
  [
    'a block beside a selector',
    '{ podSelector: {}, ingress: [{ from: [{ podSelector: {}, ipBlock: { cidr: 10.0.0.0/8 } }] }] }',
  ],
  ['a range from a name', '{ podSelector: {}, ingress: [{ ports: [{ port: http, endPort: 9000 }] }] }'],
  [
    'a range that runs backwards',
    '{ podSelector: {}, ingress: [{ ports: [{ port: 9000, endPort: 8000 }] }] }',
  ],
  ['a block that is none', '{ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: 10.0.0.0 } }] }] }'],
  ['no podSelector', '{ policyTypes: [Ingress] }'],
  ['In without values', '{ podSelector: { matchExpressions: [{ key: app, operator: In }] } }'],
])('%s is refused and never guessed at', (_what, spec) => {
  expect(() => policy(spec)).toThrow();
});
