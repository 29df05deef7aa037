/** What makes a process readable from outside: names and units of metrics, words for every setting. */
import { lineOf, type Fault, type TextFile } from './tree.ts';

// The last word of a metric's name: its unit, or what it counts (Prometheus, "Metric and label naming").
const units = ['total', 'seconds', 'bytes', 'ratio', 'items', 'tickets', 'connections', 'info'];
const metricName = new RegExp(`^evently_[a-z]+(?:_[a-z0-9]+)+_(?:${units.join('|')})$`);
const metricMade = /new (Counter|Gauge|Histogram|Summary)(?:<[^>]*>)?\(\{\s*([\s\S]*?)\}\)/g;

/** Metrics of `file` that are not called `evently_<service>_<thing>_<unit>`, or that do not say what they are. */
export function metricFaults(file: TextFile): Fault[] {
  return [...file.text.matchAll(metricMade)].flatMap(([, kind = '', options = ''], index) => {
    const name = /\bname: '([^']*)'/.exec(options)?.[1] ?? '';
    const where = `${file.path}: metric ${name === '' ? index + 1 : name}`;
    const isCounter = kind === 'Counter';
    return [
      ...(metricName.test(name)
        ? []
        : [`${where} is not called evently_<service>_<thing>_<unit>, with one of ${units.join(', ')}`]),
      ...(name !== '' && name.endsWith('_total') !== isCounter
        ? [`${where}: counters, and only they, end in _total`]
        : []),
      ...(/\bhelp: '.{8,}'/.test(options) ? [] : [`${where} does not say what it is`]),
    ];
  });
}

export type SettingWords = { name: string; about: string };

export function settingFaults(described: readonly SettingWords[]): Fault[] {
  return described.flatMap(({ name, about }) => [
    ...(/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/.test(name) ? [] : [`${name}: a setting is written LIKE_THIS`]),
    ...(/^[A-Z].{9,}/.test(about) ? [] : [`${name}: does not say what it is for`]),
  ]);
}

/** Readers of the environment beside the wiring. */
export function environmentFaults(file: TextFile): Fault[] {
  return [...file.text.matchAll(/\bprocess\.env\b/g)].map(
    (match) => `${file.path}:${lineOf(file.text, match.index)}: reads the environment outside the wiring`,
  );
}
