/** Decides, as a cluster's network would, whether one endpoint may open a connection to a port of another. */
import { BlockList, isIPv6 } from 'node:net';
import type { Direction, Peer, Policy, PolicyPort, Protocol, Rule } from './policy.ts';
import { selects, type Labels } from './selector.ts';

export type PodPort = { name: string | null; port: number; protocol: Protocol };
export type Pod = {
  kind: 'pod';
  name: string;
  namespace: string;
  namespaceLabels: Labels;
  labels: Labels;
  ports: readonly PodPort[];
  ip: string;
};
/** An address that belongs to no pod: a managed database, the API server, the rest of the world. */
export type Outside = { kind: 'outside'; name: string; ip: string };
export type Endpoint = Pod | Outside;
export type Target = { port: number; protocol: Protocol };

/**
 * Whether an ipBlock is also about the addresses of pods, which the API leaves to the network: some networks look
 * at the address only, some never match a pod. What must work has to work on both, and what must not, on neither.
 */
export type Reading = 'blocks match pods' | 'blocks match no pod';

export type Verdict =
  { allowed: true } | { allowed: false; refusedBy: 'egress of the caller' | 'ingress of the called' };

/** Answers for one pair of endpoints and any port. */
export type Judge = (target: Target) => Verdict;

/**
 * Policies add up: what one of them allows is allowed. A pod that none selects for a direction is open in it. Traffic of the
 * node itself, such as the probes of a kubelet, is never refused and not spoken of here.
 */
export function judgeBetween(
  policies: readonly Policy[],
  from: Endpoint,
  to: Endpoint,
  reading: Reading,
): Judge {
  const leaves = gate(policies, 'Egress', from, to, to, reading);
  const enters = gate(policies, 'Ingress', to, from, to, reading);
  return (target) => {
    if (!leaves(target)) return { allowed: false, refusedBy: 'egress of the caller' };
    return enters(target) ? { allowed: true } : { allowed: false, refusedBy: 'ingress of the called' };
  };
}

/** Policies that isolate `pod` in this direction. */
export function policiesOf(policies: readonly Policy[], direction: Direction, pod: Pod): Policy[] {
  return policies.filter(
    (policy) =>
      policy.rules[direction] !== undefined &&
      policy.namespace === pod.namespace &&
      selects(policy.podSelector, pod.labels),
  );
}

/** What `subject` lets through in one direction, to or from `peer`. */
function gate(
  policies: readonly Policy[],
  direction: Direction,
  subject: Endpoint,
  peer: Endpoint,
  called: Endpoint,
  reading: Reading,
): (target: Target) => boolean {
  if (subject.kind === 'outside') return () => true;
  const isolating = policiesOf(policies, direction, subject);
  if (isolating.length === 0) return () => true;
  const rules = isolating.flatMap((policy) =>
    (policy.rules[direction] ?? []).filter((rule) => rulesPeer(rule, policy, peer, reading)),
  );
  return (target) => rules.some((rule) => rulesPort(rule, called, target));
}

function rulesPeer(rule: Rule, policy: Policy, peer: Endpoint, reading: Reading): boolean {
  return rule.peers.length === 0 || rule.peers.some((one) => isPeer(one, policy, peer, reading));
}

/** Both selectors in one peer must hold together; a pod selector alone means the policy's own namespace. */
function isPeer(one: Peer, policy: Policy, peer: Endpoint, reading: Reading): boolean {
  if (one.ipBlock !== undefined) {
    if (peer.kind === 'pod' && reading === 'blocks match no pod') return false;
    const { cidr, except = [] } = one.ipBlock;
    return contains(cidr, peer.ip) && !except.some((hole) => contains(hole, peer.ip));
  }
  if (peer.kind === 'outside') return false;
  const inNamespace =
    one.namespaceSelector === undefined
      ? peer.namespace === policy.namespace
      : selects(one.namespaceSelector, peer.namespaceLabels);
  return inNamespace && (one.podSelector === undefined || selects(one.podSelector, peer.labels));
}

function rulesPort(rule: Rule, called: Endpoint, target: Target): boolean {
  return rule.ports.length === 0 || rule.ports.some((port) => isPort(port, called, target));
}

/** A named port is that of the pod that is called, so it may be another number on each; an address has no names. */
function isPort({ protocol, port, endPort }: PolicyPort, called: Endpoint, target: Target): boolean {
  if (protocol !== target.protocol) return false;
  if (port === undefined) return true;
  if (typeof port === 'number') return target.port >= port && target.port <= (endPort ?? port);
  return (
    called.kind === 'pod' &&
    called.ports.some(
      (one) => one.name === port && one.protocol === target.protocol && one.port === target.port,
    )
  );
}

/** Whether `ip` is in the block; an IPv4 address is in no block of IPv6. */
export function contains(cidr: string, ip: string): boolean {
  const [network = '', prefix = ''] = cidr.split('/');
  if (isIPv6(network) !== isIPv6(ip)) return false;
  const family = isIPv6(ip) ? 'ipv6' : 'ipv4';
  const block = new BlockList();
  block.addSubnet(network, Number(prefix), family);
  return block.check(ip, family);
}
