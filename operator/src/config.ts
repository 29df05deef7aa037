/** The only reader of the operator's environment. */
import { z } from 'zod';
import { ConfigError, integer, readSettings, setting, type SettingValues } from '@evently/kit/config';
import { platformSettings } from '@evently/kit/platform';
import { deletionDeadlineMs } from './sale/window.ts';

const address = z.url({ protocol: /^https?$/, error: 'must be an http or https address' });

const namespace = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be the name of a namespace');

/** `before:3` and `after:3` count the effects of a process; a name in place of the number is the first such effect. */
const drillKill = z
  .string()
  .regex(/^((before|after):(\d{1,4}|[a-z]+(-[a-z]+)*))?$/, 'must be before:<n>, after:<n> or before:<effect>')
  .transform(parseDrillKill);

export type DrillKill = { side: 'before' | 'after'; at: number | string } | null;

export const operatorSettings = {
  EVENTLY_LOG_LEVEL: platformSettings.EVENTLY_LOG_LEVEL,
  EVENTLY_API_KEY: platformSettings.EVENTLY_API_KEY,
  KUBECONFIG: setting(z.string(), {
    fallback: '',
    about: "File with the cluster's address and credentials; empty is the pod's own service account",
  }),
  OPERATOR_NAMESPACE: setting(namespace, {
    about: 'The one namespace that is watched: EventSales, autoscalers, pods',
  }),
  OPERATOR_LEASE_NAMESPACE: setting(namespace.or(z.literal('')), {
    fallback: '',
    about: 'Namespace of the lease, best the own one of the pod; empty is OPERATOR_NAMESPACE',
  }),
  OPERATOR_IDENTITY: setting(z.string().max(200), {
    fallback: '',
    about: 'Name of this process in the lease; empty is host name and process id. The pod name in a cluster',
  }),
  BOOKING_URL: setting(address, { about: "Address of booking's Service, for arming" }),
  EVENT_URL: setting(address, { about: "Address of event's Service, for the task Event" }),
  SEARCH_URL: setting(address.or(z.literal('')), {
    fallback: '',
    about: "Address of search's Service, for the task Search; empty fails that task",
  }),
  OPERATOR_POD_URL: setting(z.string().regex(/^https?:\/\/[^?#]+$/, 'must be an http or https address'), {
    fallback: 'http://{ip}:8004',
    about: 'Address of one booking pod; {ip} and {name} are filled in where they stand',
  }),
  OPERATOR_HOST: setting(z.string().min(1), { fallback: '0.0.0.0', about: 'Address that the ports bind to' }),
  OPERATOR_METRICS_PORT: setting(integer(0, 65_535), {
    fallback: '9090',
    unit: 'port',
    about: 'Port of /metrics',
  }),
  OPERATOR_HEALTH_PORT: setting(integer(0, 65_535), {
    fallback: '8081',
    unit: 'port',
    about: 'Port of /healthz and /readyz',
  }),
  OPERATOR_LEASE_NAME: setting(z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/), {
    fallback: 'evently-operator',
    about: 'Lease that the replicas compete for',
  }),
  OPERATOR_LEASE_SECONDS: setting(integer(2, 300), {
    fallback: '15',
    unit: 's',
    about: 'How long a lease lasts that nobody renews',
  }),
  OPERATOR_RENEW_SECONDS: setting(integer(1, 299), {
    fallback: '10',
    unit: 's',
    about: 'A leader that could not renew for so long gives up',
  }),
  OPERATOR_RETRY_SECONDS: setting(integer(1, 60), {
    fallback: '2',
    unit: 's',
    about: 'Time between two tries at the lease',
  }),
  OPERATOR_DELETION_SECONDS: setting(integer(1, deletionDeadlineMs / 1_000), {
    fallback: String(deletionDeadlineMs / 1_000),
    unit: 's',
    about: 'A deleted EventSale waits at most so long for booking to close it',
  }),
  OPERATOR_WATCH_IDLE_SECONDS: setting(integer(2, 600), {
    fallback: '90',
    unit: 's',
    about: 'A watch of which nothing came for so long is given up; the API server says something each minute',
  }),
  OPERATOR_SALE_WORKERS: setting(integer(1, 64), {
    fallback: '8',
    unit: 'sales',
    about: 'Sales that are reconciled at once',
  }),
  OPERATOR_WARM_CALLS: setting(integer(1, 256), {
    fallback: '16',
    unit: 'calls',
    about: 'Warming calls under way at once, all sales together',
  }),
  OPERATOR_DRILL_KILL: setting(drillKill, {
    fallback: '',
    about: 'Drills only: SIGKILLs this process before or after an effect, such as after:3 or before:arm',
  }),
};
export type OperatorConfig = SettingValues<typeof operatorSettings>;

/** Throws `ConfigError` with every fault, and when the times of the lease do not fit each other. */
export function readOperatorConfig(env: Readonly<Record<string, string | undefined>>): OperatorConfig {
  const config = readSettings(operatorSettings, env);
  const { OPERATOR_LEASE_SECONDS: lease, OPERATOR_RENEW_SECONDS: renew } = config;
  const faults = [
    ...(renew < lease ? [] : [`OPERATOR_RENEW_SECONDS must be less than OPERATOR_LEASE_SECONDS (${lease})`]),
    ...(config.OPERATOR_RETRY_SECONDS < renew
      ? []
      : [`OPERATOR_RETRY_SECONDS must be less than OPERATOR_RENEW_SECONDS (${renew})`]),
  ];
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

/** Where the replicas meet. */
export function leaseKeyOf(config: OperatorConfig): { namespace: string; name: string } {
  const { OPERATOR_LEASE_NAMESPACE: own, OPERATOR_LEASE_NAME: name } = config;
  return { namespace: own === '' ? config.OPERATOR_NAMESPACE : own, name };
}

function parseDrillKill(text: string): DrillKill {
  const [side = '', at = ''] = text.split(':');
  if (side !== 'before' && side !== 'after') return null;
  return { side, at: /^\d+$/.test(at) ? Number(at) : at };
}
