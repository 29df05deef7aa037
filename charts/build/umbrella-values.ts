/** The values of the umbrella: what all parts share, how the platform is reached, and each part's own under its name. */
import { globalValues } from './global-values.ts';
import {
  flag,
  group,
  leaf,
  objects,
  object,
  text,
  texts,
  words,
  type Fields,
  type Leaf,
} from './value-tree.ts';

const host = String.raw`^(\*\.)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`;
const nameOrNone = '^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)?$';

/** The charts that the umbrella installs; each has a schema of its own. */
export const parts = ['user', 'event', 'booking', 'payment', 'search', 'operator'] as const;

const part = (name: string): Leaf =>
  leaf(`Values of the chart ${name}, as its README lists them.`, { enabled: true }, { type: 'object' });

export const umbrellaValues: Fields = {
  global: globalValues,
  ingress: group('How requests come in, through whatever Ingress controller there is.', {
    enabled: flag('Make an Ingress. Its paths are those of the gateway of one machine.', false),
    className: text("Its class; empty is the cluster's default.", '', nameOrNone),
    annotations: words('Its annotations. The chart itself sets none.'),
    host: text('Host that it answers for; empty is every one.', '', `(${host})|^$`),
    tlsSecret: text('Secret of type kubernetes.io/tls for the host; empty is no TLS.', '', nameOrNone),
  }),
  httpRoute: group('How requests come in, through a Gateway of the Gateway API.', {
    enabled: flag('Make an HTTPRoute.', false),
    annotations: words('Its annotations.'),
    parentRefs: objects('Gateways that it is attached to: at least one.'),
    hostnames: texts('Hosts that it answers for; none is every one.', host),
  }),
  tests: group('The pod of `helm test`.', {
    enabled: flag('Whether there is one.', true),
    resources: object('Of that pod.', {
      requests: { cpu: '50m', memory: '64Mi' },
      limits: { memory: '256Mi' },
    }),
  }),
  extraObjects: leaf('Further objects of this release: YAML, or text that is a template.', [], {
    type: 'array',
    items: { type: ['object', 'string'] },
  }),
  ...Object.fromEntries(parts.map((name) => [name, part(name)])),
  monitoring: leaf(
    "Values of the chart monitoring, as its README lists them. Off, because its rules need the kinds of Prometheus' operator.",
    { enabled: false },
    { type: 'object' },
  ),
};
