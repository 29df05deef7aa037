/** The values of the operator's chart. */
import { operatorSettings } from '@evently/operator/config';
import { globalValues } from './global-values.ts';
import { imageValues, podValues, probeValues, resources } from './service-values.ts';
import { settingsSchema } from './settings-schema.ts';
import { flag, group, leaf, object, text, whole, type Fields } from './value-tree.ts';

const namespaceOrNone = '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$';

// The chart sets these itself, or the cluster does, or nobody may.
const kept = [
  'EVENTLY_LOG_LEVEL',
  'KUBECONFIG',
  'OPERATOR_NAMESPACE',
  'OPERATOR_LEASE_NAMESPACE',
  'OPERATOR_LEASE_NAME',
  'OPERATOR_IDENTITY',
  'OPERATOR_HEALTH_PORT',
  'OPERATOR_METRICS_PORT',
  'BOOKING_URL',
  'EVENT_URL',
  'SEARCH_URL',
];

export const operatorValues: Fields = {
  enabled: flag('Whether the umbrella installs this chart.', true),
  ...imageValues('evently/operator'),
  replicas: whole('Pods: one leads, another takes over when its lease runs out.', 2, 1, 5),
  crds: group('The kind EventSale.', {
    enabled: flag('Whether this release brings it. One release in a cluster does.', true),
    keep: flag('Whether it stays, with all EventSales, when the release goes.', true),
  }),
  watchNamespace: text(
    'The one namespace of the sales and of the autoscalers; empty is that of the release.',
    '',
    namespaceOrNone,
  ),
  lease: group('', {
    name: text(
      'Lease that the pods compete for.',
      'evently-operator',
      '^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$',
    ),
  }),
  settings: leaf(
    'Further settings of the operator by their names.',
    {},
    settingsSchema(operatorSettings, kept),
  ),
  resources: object(
    'Without a limit for the CPU: throttling would make renewals of the lease late.',
    resources('100m', '320Mi', '768Mi'),
  ),
  preStopSeconds: whole('Seconds between leaving the endpoints and the signal to end.', 3, 3, 120),
  drainSeconds: whole(
    'Seconds to finish what is under way and to give the lease back. The grace period is both and ten more.',
    20,
    1,
    600,
  ),
  probes: probeValues(60),
  ...podValues(),
  global: globalValues,
};
