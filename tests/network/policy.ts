/** NetworkPolicies as the API server takes them: read strictly, with its defaults filled in. */
import { z } from 'zod';
import { selectorSchema } from './selector.ts';

export const protocols = ['TCP', 'UDP', 'SCTP'] as const;
export type Protocol = (typeof protocols)[number];

const portNumber = z.int().min(1).max(65_535);
// kubectl and Helm write numbers as numbers; a text is the name of a container's port.
const portSchema = z
  .strictObject({
    protocol: z.enum(protocols).default('TCP'),
    port: z.union([portNumber, z.string().regex(/^[a-z0-9-]{1,15}$/)]).optional(),
    endPort: portNumber.optional(),
  })
  .refine(
    ({ port, endPort }) => endPort === undefined || (typeof port === 'number' && endPort >= port),
    'endPort needs a numeric port that is not above it',
  );

const cidr = z.union([z.cidrv4(), z.cidrv6()]);
const peerSchema = z
  .strictObject({
    podSelector: selectorSchema.optional(),
    namespaceSelector: selectorSchema.optional(),
    ipBlock: z.strictObject({ cidr, except: z.array(cidr).optional() }).optional(),
  })
  .refine(
    ({ podSelector, namespaceSelector, ipBlock }) =>
      (ipBlock === undefined) !== (podSelector === undefined && namespaceSelector === undefined),
    'a peer is either an ipBlock or made of selectors',
  );

const ports = z.array(portSchema).nullish();
const peers = z.array(peerSchema).nullish();
const specSchema = z.strictObject({
  podSelector: selectorSchema,
  policyTypes: z.array(z.enum(['Ingress', 'Egress'])).nullish(),
  ingress: z.array(z.strictObject({ from: peers, ports })).nullish(),
  egress: z.array(z.strictObject({ to: peers, ports })).nullish(),
});

/** A document that is a NetworkPolicy; `metadata` may hold more than is used here. */
export const policySchema = z.object({
  apiVersion: z.literal('networking.k8s.io/v1'),
  kind: z.literal('NetworkPolicy'),
  metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
  spec: specSchema,
});

export type PolicyPort = z.output<typeof portSchema>;
export type Peer = z.output<typeof peerSchema>;
export type Direction = 'Ingress' | 'Egress';
/** No peers: anybody. No ports: all of them. */
export type Rule = { peers: readonly Peer[]; ports: readonly PolicyPort[] };
export type Policy = {
  name: string;
  namespace: string;
  podSelector: z.output<typeof selectorSchema>;
  /** Rules by direction; a direction that the policy does not speak of is not there. */
  rules: Partial<Record<Direction, readonly Rule[]>>;
};

/**
 * The policy with the API server's defaults: without `policyTypes` it is about ingress always, and about egress
 * only when it has a rule for it (an empty list is none).
 */
export function readPolicy(document: unknown, releaseNamespace: string): Policy {
  const { metadata, spec } = policySchema.parse(document);
  const ingress = (spec.ingress ?? []).map(({ from, ports: of }) => ({ peers: from ?? [], ports: of ?? [] }));
  const egress = (spec.egress ?? []).map(({ to, ports: of }) => ({ peers: to ?? [], ports: of ?? [] }));
  const byPresence: readonly Direction[] = egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
  const types = spec.policyTypes ?? [];
  const about = types.length > 0 ? types : byPresence;
  return {
    name: metadata.name,
    namespace: metadata.namespace ?? releaseNamespace,
    podSelector: spec.podSelector,
    rules: {
      ...(about.includes('Ingress') ? { Ingress: ingress } : {}),
      ...(about.includes('Egress') ? { Egress: egress } : {}),
    },
  };
}
