/** Compares what policies allow with the calls that are declared: nothing declared is refused, nothing else allowed. */
import { judgeBetween, policiesOf, type Endpoint, type Pod, type Target } from './evaluate.ts';
import type { Policy } from './policy.ts';

/** One call of the platform: it opens a connection from `from` to `to`, and `why` says what for. */
export type Call = { from: string; to: string; port: number; protocol?: 'TCP' | 'UDP'; why: string };

/** An endpoint in a role; two may share one, as the replicas of a service do. */
export type Party = {
  role: string;
  endpoint: Endpoint;
  /** Ours must be isolated in both directions; of others only what they do to ours, and ours to them, is judged. */
  ours: boolean;
};

export type Audit = { parties: readonly Party[]; policies: readonly Policy[]; calls: readonly Call[] };

// Ports that something of the cluster or a careless rule might open, beside those that are named anywhere.
const usualPorts = [1, 22, 53, 80, 443, 2379, 4000, 6443, 8080, 8443, 9092, 9200, 10250, 27017, 65_535];

/** A sentence for each fault; none when policies and calls say the same. */
export function audit(given: Audit): string[] {
  const roles = new Set(given.parties.map(({ role }) => role));
  const strangers = given.calls.flatMap(({ from, to }) => [from, to]).filter((role) => !roles.has(role));
  const targets = targetsOf(given);
  return [
    ...[...new Set(strangers)].map((role) => `a call names ${role}, and there is no such party`),
    ...given.parties.flatMap((party) => isolationFaults(party, given.policies)),
    ...refusals(given),
    ...pairs(given.parties).flatMap(([from, to]) => openingFaults(given, targets, from, to)),
  ];
}

function isolationFaults({ role, endpoint, ours }: Party, policies: readonly Policy[]): string[] {
  if (!ours || endpoint.kind === 'outside') return [];
  return (['Ingress', 'Egress'] as const)
    .filter((direction) => policiesOf(policies, direction, endpoint).length === 0)
    .map((direction) => `${role}: no policy selects the pod ${endpoint.name} for ${direction.toLowerCase()}`);
}

/** A pod that talks to itself passes no policy; two replicas are two endpoints of one role. */
function pairs(parties: readonly Party[]): [Party, Party][] {
  return parties.flatMap((from) =>
    parties.filter((to) => to !== from && (from.ours || to.ours)).map((to): [Party, Party] => [from, to]),
  );
}

/** Declared calls that do not get through. */
export function refusals({ parties, policies, calls }: Audit): string[] {
  return pairs(parties).flatMap(([from, to]) => {
    const declared = calls.filter((call) => call.from === from.role && call.to === to.role);
    if (declared.length === 0) return [];
    const judge = judgeBetween(policies, from.endpoint, to.endpoint, 'blocks match no pod');
    return declared.flatMap((call) => {
      const target = targetOf(call);
      const verdict = judge(target);
      return verdict.allowed
        ? []
        : [`${sentence(from, to, target)} is refused by the ${verdict.refusedBy}: ${call.why}`];
    });
  });
}

function openingFaults(
  { calls, policies }: Audit,
  targets: readonly Target[],
  from: Party,
  to: Party,
): string[] {
  const declared = calls.filter((call) => call.from === from.role && call.to === to.role).map(targetOf);
  const judge = judgeBetween(policies, from.endpoint, to.endpoint, 'blocks match pods');
  const open = targets.filter(
    ({ port, protocol }) =>
      !declared.some((call) => call.port === port && call.protocol === protocol) &&
      judge({ port, protocol }).allowed,
  );
  if (open.length === 0) return [];
  const few = open.slice(0, 3).map(({ port, protocol }) => `${port}/${protocol}`);
  const more = open.length > few.length ? ` and ${open.length - few.length} more` : '';
  return [`${from.role} -> ${to.role} is open on ${few.join(', ')}${more}, and no call needs it`];
}

function targetOf({ port, protocol = 'TCP' }: Call): Target {
  return { port, protocol };
}

function sentence(from: Party, to: Party, { port, protocol }: Target): string {
  return `${from.role} -> ${to.role} on ${port}/${protocol}`;
}

/** Every port at which a verdict could change: those named by pods, calls and rules, and the neighbours of ranges. */
function targetsOf({ parties, policies, calls }: Audit): Target[] {
  const ofPods = parties.flatMap(({ endpoint }) => (endpoint.kind === 'pod' ? endpoint.ports : []));
  const ofRules = policies
    .flatMap(({ rules }) => [...(rules.Ingress ?? []), ...(rules.Egress ?? [])])
    .flatMap(({ ports }) => ports)
    .flatMap(({ port, endPort }) =>
      typeof port === 'number' ? [port - 1, port, port + 1, endPort ?? port, (endPort ?? port) + 1] : [],
    );
  const all = new Set([
    ...usualPorts,
    ...ofPods.map(({ port }) => port),
    ...calls.map(({ port }) => port),
    ...ofRules,
  ]);
  const valid = [...all].filter((port) => port >= 1 && port <= 65_535).toSorted((a, b) => a - b);
  return (['TCP', 'UDP', 'SCTP'] as const).flatMap((protocol) => valid.map((port) => ({ port, protocol })));
}

/** A second replica of the pod, for what one replica may do to another. */
export function replicaOf(pod: Pod): Pod {
  return { ...pod, name: `${pod.name} (another replica)`, ip: pod.ip.replace(/\.\d+$/, '.250') };
}
