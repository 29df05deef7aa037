/**
 * The policies that the charts render, on the calls that there are: each pod is isolated in both directions, each declared
 * call gets through, and nothing else does. The cluster of the tests does not enforce policies; this evaluates them.
 */
import { parse } from 'yaml';
import { expect, test } from 'vitest';
import { audit, refusals } from './audit.ts';
import { ports, services } from './calls.ts';
import { defaultPicture, kindPicture, productionPicture, type Picture } from './pictures.ts';
import { readPolicy } from './policy.ts';

const pictures: [string, () => Picture][] = [
  ['kind, with the dependencies of k8s/dev', kindPicture],
  ['production, as its example values have it', productionPicture],
  ['the values as they are', defaultPicture],
];

test.each(pictures)('%s: every call is allowed, and nothing besides', (_name, picture) => {
  const found = picture();
  const ourPods = found.parties.filter(({ ours }) => ours).map(({ role }) => role);
  for (const service of services)
    expect(ourPods).toEqual(expect.arrayContaining([service, `${service}-migrate`]));
  expect(audit(found)).toEqual([]);
});

test.each(pictures)('%s: each Service leads to the port that the policies speak of', (_name, picture) => {
  const { services: found, parties } = picture();
  for (const name of services) {
    const service = found.find((one) => one.name === name);
    const [http] = service?.ports ?? [];
    const pod = parties.find(({ role }) => role === name)?.endpoint;
    const named = pod?.kind === 'pod' ? pod.ports.find((port) => port.name === http?.targetPort) : undefined;
    expect([http?.port, named?.port]).toEqual([ports[name], ports[name]]);
  }
});

/** Negative controls: each takes something away or opens something, and has to be found. */
function faultsWith(change: (picture: Picture) => Picture): string[] {
  return audit(change(kindPicture()));
}
const by =
  (name: string, namespace = 'evently') =>
  (policy: { name: string; namespace: string }) =>
    !(policy.name === name && policy.namespace === namespace);

test('a service without its own policy can neither call nor be called', () => {
  const faults = faultsWith((picture) => ({ ...picture, policies: picture.policies.filter(by('booking')) }));
  expect(faults.filter((fault) => fault.includes('refused'))).toEqual(
    expect.arrayContaining([
      expect.stringMatching(
        /^event -> booking on 8004\/TCP is refused by the ingress of the called: what can be sold/,
      ),
      expect.stringMatching(/^booking -> postgres on 5432\/TCP is refused by the egress of the caller/),
    ]),
  );
});

test.each(pictures)(
  '%s: no rule is there for nothing: without it a declared call is refused',
  (_name, picture) => {
    const found = picture();
    const needless = found.policies.flatMap((policy, at) =>
      (['Ingress', 'Egress'] as const).flatMap((direction) =>
        (policy.rules[direction] ?? []).flatMap((rule, index, rules) => {
          const without = { ...policy, rules: { ...policy.rules, [direction]: rules.toSpliced(index, 1) } };
          const left = refusals({ ...found, policies: found.policies.with(at, without) });
          return left.length > 0
            ? []
            : [`${policy.namespace}/${policy.name}: ${direction} ${JSON.stringify(rule)}`];
        }),
      ),
    );
    expect(needless).toEqual([]);
  },
);

test('without any policy of a namespace its pods are not isolated, and everybody reaches them', () => {
  const faults = faultsWith((picture) => ({
    ...picture,
    policies: picture.policies.filter(({ namespace }) => namespace !== 'evently'),
  }));
  expect(faults).toEqual(
    expect.arrayContaining([
      'payment: no policy selects the pod payment for ingress',
      'payment: no policy selects the pod payment for egress',
      expect.stringMatching(/^world -> payment is open on 1\/TCP, .* and no call needs it$/),
      expect.stringMatching(/^event -> payment is open on /),
    ]),
  );
});

test.each([
  ['{ podSelector: {}, ingress: [{}] }', /^world -> booking is open on 1\/TCP/],
  ['{ podSelector: {}, policyTypes: [Egress], egress: [{}] }', /^booking -> metadata service is open on /],
  [
    '{ podSelector: {}, ingress: [{ ports: [{ port: 8004 }] }] }',
    /^stranger -> booking is open on 8004\/TCP/,
  ],
  // "From the service event, wherever it is" written as two peers: a comma too many.
  [
    '{ podSelector: { matchLabels: { app.kubernetes.io/name: payment } }, ingress: [{ from: [{ namespaceSelector: {} }, { podSelector: { matchLabels: { app.kubernetes.io/name: event } } }], ports: [{ port: http }] }] }',
    /^impostor -> payment is open on 8005\/TCP/,
  ],
  [
    '{ podSelector: {}, ingress: [{ ports: [{ port: 9464, endPort: 9500 }] }] }',
    /^world -> event is open on 9464\/TCP, 9465\/TCP, /,
  ],
])('a policy that opens too much is found: %s', (spec, says) => {
  const opened = readPolicy(
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'opened', namespace: 'evently' },
      spec: parse(spec),
    },
    'evently',
  );
  const faults = faultsWith((picture) => ({ ...picture, policies: [...picture.policies, opened] }));
  expect(faults).toEqual(expect.arrayContaining([expect.stringMatching(says)]));
});

test('a call that nobody allowed is found, and one of somebody who does not exist', () => {
  const faults = faultsWith((picture) => ({
    ...picture,
    calls: [
      ...picture.calls,
      { from: 'payment', to: 'booking', port: 8004, why: 'a call that was forgotten in the charts' },
      { from: 'analytics', to: 'booking', port: 8004, why: 'a service that is not installed' },
    ],
  }));
  expect(faults).toEqual(
    expect.arrayContaining([
      'a call names analytics, and there is no such party',
      expect.stringContaining('payment -> booking on 8004/TCP is refused by the egress of the caller'),
    ]),
  );
});

test('an impostor with the labels of booking reaches nothing but the door', () => {
  const { parties, policies, calls } = kindPicture();
  const open = audit({ parties, policies, calls: calls.filter(({ from }) => from !== 'impostor') });
  expect(open).toEqual(['impostor -> ingress is open on 8000/TCP, and no call needs it']);
});
