/** Holds what a process answers at /metrics against the metrics that are documented of it. */
import type { MetricDefinition } from '@evently/kit/metrics-define';
import { metricSections, type Process } from './metrics-catalog.ts';

export type Series = { name: string; labels: Readonly<Record<string, string>>; value: number };
export type Family = { type: string; series: Series[] };

const typeLine = /^# TYPE (\S+) (\S+)$/;
const sampleLine = /^([a-zA-Z_:][\w:]*)(?:\{(.*?)\})? (\S+)(?: # \{.*)?$/;
const labelPart = /(\w+)="((?:[^"\\]|\\.)*)"/g;
/** What a histogram's series add to its name. */
const parts = /_(bucket|sum|count)$/;

/** The families of Prometheus' text format, by name. Throws for a line that it does not understand. */
export function readFamilies(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  for (const line of text.split('\n')) {
    const type = typeLine.exec(line);
    if (type !== null) families.set(type[1] ?? '', { type: type[2] ?? '', series: [] });
    if (line === '' || line.startsWith('#')) continue;
    const sample = sampleLine.exec(line);
    if (sample === null) throw new Error(`no sample: ${line}`);
    const [, name = '', labels = '', value = ''] = sample;
    const family = families.get(name) ?? families.get(name.replace(parts, ''));
    if (family === undefined) throw new Error(`a sample without a type: ${line}`);
    family.series.push({ name, labels: readLabels(labels), value: Number(value) });
  }
  return families;
}

function readLabels(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(labelPart)].map(([, name = '', value = '']) => [name, value]));
}

/** What differs from the page: nothing when it is right. */
export function metricsFaults(text: string, process: Process): string[] {
  const families = readFamilies(text);
  const sections = metricSections().filter(({ processes }) => processes.includes(process));
  const documented = new Map(
    sections.flatMap(({ definitions }) => definitions.map((one) => [one.name, one] as const)),
  );
  const missing = sections
    .filter(({ onlyIf }) => onlyIf === undefined)
    .flatMap(({ definitions }) => definitions)
    .filter(({ name }) => !families.has(name))
    .map(({ name }) => `${name} is documented of ${process}, which does not have it`);
  const wrong = [...families].flatMap(([name, family]) => {
    const definition = documented.get(name);
    if (definition === undefined) return [`${name} of ${process} is not documented`];
    return familyFaults(name, family, definition);
  });
  return [...missing, ...wrong];
}

function familyFaults(
  name: string,
  { type, series }: Family,
  { type: told, labels }: MetricDefinition,
): string[] {
  const faults = new Set<string>();
  if (type !== told) faults.add(`${name} is a ${type}, documented as a ${told}`);
  for (const one of series) {
    for (const [label, value] of Object.entries(one.labels)) {
      if (label === 'le' && told === 'histogram') continue;
      const values = labels[label];
      if (values === undefined) faults.add(`${name} has the label ${label}, which is not documented`);
      else if (typeof values !== 'string' && !values.includes(value))
        faults.add(`${name} has ${label}="${value}", which is not documented`);
    }
  }
  return [...faults];
}
