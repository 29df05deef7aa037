import { expect, test } from 'vitest';
import { render, type RenderOptions } from '../../charts/build/render.ts';
import { helmWorld } from './helm-world.ts';

const world = helmWorld();

type Refusal = RenderOptions & { what: string; says: string };

/** Values that no schema of one chart can judge: what they say together is wrong. */
const misfits: readonly Refusal[] = [
  {
    what: 'pods of all services together open more connections than the server has',
    set: ['booking.hpa.maxReplicas=30'],
    says: 'but max_connections 100 less 20 for others leaves 80: lower hpa.maxReplicas or database.poolSize of a service, or raise max_connections of the server',
  },
  {
    what: 'pods of one service alone open more connections than the server has',
    chart: 'payment',
    set: ['database.poolSize=50'],
    says: 'The pods may open 157 connections to PostgreSQL (payment 156, migrations 1), but max_connections 100 less 20',
  },
  {
    what: 'one more pod than fits, a rolling update counted',
    set: ['user.hpa.maxReplicas=3'],
    says: 'The pods may open 84 connections',
  },
  {
    what: 'both kinds of monitors',
    set: ['global.monitoring.podMonitor=true', 'global.monitoring.serviceMonitor=true'],
    says: 'every pod would be scraped twice: choose one of them',
  },
  {
    what: 'generated secrets in production',
    set: ['global.secrets.generate=true'],
    says: 'never in production: create them yourself',
  },
  {
    what: 'a URL, with its password, among values that nothing is generated from',
    set: ['global.secrets.urls.booking=postgres://a:b@c/d'],
    says: 'put the URL into the Secret evently-postgres instead, where no values file shows it',
  },
  {
    what: 'a root that can be written in production',
    set: ['global.writableRoot=true'],
    says: 'never for production: set it to false',
  },
  {
    what: 'load testing in production',
    set: ['global.settings.EVENTLY_LOAD_TEST=1'],
    says: 'EVENTLY_LOAD_TEST lifts limits and lets anybody inside make tokens, never in production',
  },
  {
    what: 'load testing in production, by way of a variable',
    setJson: ['user.extraEnv=[{"name":"EVENTLY_LOAD_TEST","value":"1"}]'],
    says: 'user: extraEnv sets EVENTLY_LOAD_TEST, which lifts limits',
  },
  {
    what: 'a managed floor without an autoscaler',
    set: ['booking.hpa.enabled=false'],
    says: 'set hpa.enabled to true, or operator.manages to false',
  },
  {
    what: 'a baseline above the most pods',
    set: ['booking.operator.baselineReplicas=5'],
    says: 'booking: at least 5 pods are wanted and hpa.maxReplicas is 4: raise hpa.maxReplicas, or lower operator.baselineReplicas',
  },
  {
    what: 'fewer pods at most than at least',
    set: ['user.hpa.minReplicas=3', 'user.hpa.maxReplicas=2'],
    says: 'raise hpa.maxReplicas, or lower hpa.minReplicas',
  },
  {
    what: 'a rolling update that may neither add nor take a pod',
    set: ['event.rollout.maxSurge=0'],
    says: 'no pod could ever be replaced: set one of them to 1',
  },
  {
    what: 'egress to PostgreSQL at any address',
    setJson: ['global.networkPolicy.postgres.peers=[]'],
    says: 'global.networkPolicy.postgres.peers is empty, which would allow every address: name where it is',
  },
  {
    what: 'an operator that could call any API server',
    setJson: ['global.networkPolicy.apiServer.peers=[]'],
    says: 'global.networkPolicy.apiServer.peers is empty',
  },
  {
    what: 'others that keep messages for a search that is not there',
    set: ['search.enabled=false'],
    says: 'Set global.withSearch to false too, or global.urls.search when another release has it.',
  },
  {
    what: 'a search for which nobody keeps messages',
    set: ['global.withSearch=false'],
    says: 'search: global.withSearch is false, and no message would be kept for search: set it to true, or search.enabled to false.',
  },
  {
    what: 'OpenSearch at no address',
    set: ['search.engine=opensearch'],
    says: 'search: engine is opensearch and opensearch.urls is empty: name where it is',
  },
  {
    what: 'egress to OpenSearch at any address',
    set: ['search.engine=opensearch', 'search.opensearch.urls[0]=https://opensearch:9200'],
    setJson: ['global.networkPolicy.opensearch.peers=[]'],
    says: 'global.networkPolicy.opensearch.peers is empty, which would allow every address',
  },
  {
    what: "OpenSearch's password as a plain variable",
    set: [
      'search.engine=opensearch',
      'search.opensearch.urls[0]=https://opensearch:9200',
      'search.opensearch.user=evently-search',
    ],
    setJson: ['search.extraEnv=[{"name":"OPENSEARCH_PASSWORD","value":"x"}]'],
    says: 'search: extraEnv sets OPENSEARCH_PASSWORD, which the chart takes from a Secret',
  },
  {
    what: 'a variable twice',
    setJson: ['booking.extraEnv=[{"name":"A","value":"1"},{"name":"A","value":"2"}]'],
    says: 'booking: extraEnv names A twice: keep one of them',
  },
  {
    what: 'a secret replaced by a plain variable',
    setJson: ['user.extraEnv=[{"name":"IDENTITY_SECRET","value":"x"}]'],
    says: 'user: extraEnv sets IDENTITY_SECRET, which the chart takes from a Secret: change the Secret',
  },
  {
    what: 'a setting of the chart replaced where nobody looks for it',
    setJson: ['booking.extraEnv=[{"name":"BOOKING_PORT","value":"1"}]'],
    says: 'booking: extraEnv sets BOOKING_PORT, which the chart sets in a ConfigMap: change its value, or settings',
  },
  {
    what: 'a secret of the operator replaced by a plain variable',
    setJson: ['operator.extraEnv=[{"name":"EVENTLY_API_KEY","value":"x"}]'],
    says: 'operator: extraEnv sets EVENTLY_API_KEY, which the chart sets itself',
  },
  {
    what: 'a route without a Gateway',
    set: ['httpRoute.enabled=true'],
    says: 'the route would be attached to no Gateway: name one',
  },
  {
    what: 'an Ingress for TLS without a host',
    set: ['ingress.enabled=true', 'ingress.tlsSecret=tls'],
    says: 'ingress.tlsSecret is for a host: name it in ingress.host',
  },
];

/** Values that the schema refuses. */
const strangers: readonly Refusal[] = [
  { what: 'an unknown name', set: ['global.imge.tag=1'], says: "additional properties 'imge' not allowed" },
  {
    what: 'an unknown part',
    set: ['serch.enabled=true'],
    says: "additional properties 'serch' not allowed",
  },
  {
    what: 'an unknown setting',
    set: ['booking.settings.BOOKING_HOLD=1'],
    says: "additional properties 'BOOKING_HOLD' not allowed",
  },
  {
    what: 'a secret among settings, which a ConfigMap would show',
    set: ['booking.settings.BOOKING_TICKET_SECRET=x'],
    says: "additional properties 'BOOKING_TICKET_SECRET' not allowed",
  },
  {
    what: 'a port, which is a fact',
    set: ['booking.settings.BOOKING_PORT=1'],
    says: "additional properties 'BOOKING_PORT' not allowed",
  },
  { what: 'no pods at all', set: ['user.hpa.maxReplicas=0'], says: 'minimum: got 0, want 1' },
  { what: 'text for a number', set: ['user.hpa.maxReplicas=many'], says: 'got string, want integer' },
  { what: 'half a digest', set: ['user.image.digest=sha256:12'], says: 'does not match pattern' },
  { what: 'an unknown kind of cluster', set: ['global.environment=prod'], says: 'value must be one of' },
  { what: 'a host that is an address', set: ['ingress.host=http://a'], says: 'does not match pattern' },
  { what: 'no pause before the end', set: ['user.preStopSeconds=0'], says: 'minimum: got 0, want 3' },
  { what: 'a pool that event cannot work with', set: ['event.database.poolSize=1'], says: 'want 2' },
  { what: 'a pool that search cannot work with', set: ['search.database.poolSize=3'], says: 'want 4' },
  {
    what: 'several addresses of OpenSearch in one',
    set: ['search.opensearch.urls[0]=http://a\\,http://b'],
    says: 'does not match pattern',
  },
  {
    what: 'an account in the address of OpenSearch, which a ConfigMap would show',
    set: ['search.opensearch.urls[0]=https://a:b@opensearch:9200'],
    says: 'does not match pattern',
  },
  {
    what: 'an engine by its setting, past what the chart does for it',
    set: ['search.settings.SEARCH_ENGINE=opensearch'],
    says: "additional properties 'SEARCH_ENGINE' not allowed",
  },
  {
    what: 'a password for PostgreSQL as a value of its own',
    set: ['global.postgres.password=x'],
    says: "additional properties 'password' not allowed",
  },
  { what: 'a Kubernetes that is too old', kubeVersion: '1.33.9', says: 'requires kubeVersion: >=1.34.0-0' },
];

test.each([...misfits, ...strangers])('refused, with what to do: $what', async ({ says, ...options }) => {
  const said = await render(world.copy(), options).then(
    () => 'nothing: it was rendered',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  expect(said.replaceAll(/\s+/g, ' ')).toContain(says);
});

test('what is refused is not the rest of the values', async () => {
  expect(
    await render(world.copy(), {
      set: ['booking.hpa.maxReplicas=4', 'booking.settings.BOOKING_HOLD_SECONDS=60'],
    }),
  ).toContain('BOOKING_HOLD_SECONDS: "60"');
});
