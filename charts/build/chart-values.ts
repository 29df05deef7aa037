/** Which chart has which values. */
import { bookingSettings } from '@evently/booking/config';
import { eventSettings } from '@evently/event/config';
import { paymentSettings } from '@evently/payment/config';
import { searchSettings } from '@evently/search/config';
import { userSettings } from '@evently/user/config';
import { crdYaml } from '@evently/operator/api/crd';
import { monitoringFiles, monitoringValues } from './monitoring-values.ts';
import { operatorValues } from './operator-values.ts';
import { engineSettings, engineValues } from './search-values.ts';
import { serviceValues } from './service-values.ts';
import { schemaJson, valuesYaml } from './value-files.ts';
import type { Fields, Schema } from './value-tree.ts';
import { parts, umbrellaValues } from './umbrella-values.ts';

const library: Schema = {
  type: 'object',
  description: "Helm's own: the shared values, handed to the library.",
};

const small = { cpu: '250m', memory: '192Mi', memoryLimit: '512Mi' };

/** Pools are small, and pods many: what all of them may open fits PostgreSQL's own default of 100 connections. */
export const charts: Readonly<Record<string, Fields>> = {
  user: serviceValues({ name: 'user', settings: userSettings, poolSize: 2, maxReplicas: 2, ...small }),
  event: serviceValues({
    name: 'event',
    settings: eventSettings,
    poolSize: 2,
    leastPoolSize: 2,
    maxReplicas: 2,
    ...small,
  }),
  booking: serviceValues({
    name: 'booking',
    settings: bookingSettings,
    poolSize: 3,
    maxReplicas: 4,
    cpu: '500m',
    memory: '256Mi',
    memoryLimit: '768Mi',
    managed: { baselineReplicas: 2 },
  }),
  payment: serviceValues({
    name: 'payment',
    settings: paymentSettings,
    poolSize: 2,
    maxReplicas: 2,
    ...small,
  }),
  search: serviceValues({
    name: 'search',
    settings: searchSettings,
    poolSize: 4,
    leastPoolSize: 4,
    maxReplicas: 2,
    cpu: '250m',
    memory: '256Mi',
    memoryLimit: '768Mi',
    own: { values: engineValues, settings: engineSettings },
  }),
  operator: operatorValues,
  monitoring: monitoringValues,
  evently: umbrellaValues,
};

/** Paths below `charts/`, and what must stand there. */
export function valueFiles(): Record<string, string> {
  const files = Object.entries(charts).flatMap(([chart, fields]) => [
    [`${chart}/values.yaml`, valuesYaml(openingOf(chart), fields)] as const,
    [`${chart}/values.schema.json`, schemaJson(`Values of the chart ${chart}`, fields, fromHelm)] as const,
  ]);
  return { ...Object.fromEntries(files), 'operator/files/crd.yaml': crdYaml(), ...monitoringFiles() };
}

const fromHelm = { 'evently-common': library };

const isOf: Readonly<Record<string, string>> = { monitoring: 'what watches the platform' };

function openingOf(chart: string): string {
  const is = chart === 'evently' ? `the platform: ${parts.join(', ')}` : (isOf[chart] ?? chart);
  return `Values of ${is}. Made by \`make charts\` from charts/build: change them there, and yours in a file of your own.`;
}
