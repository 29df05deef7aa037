/** Reads what a process writes at /metrics, in Prometheus' text format or OpenMetrics. */
import type { Sample, Samples } from '@evently/standalone/console/samples';

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*?)\})? (\S+)(?: [^#]*)?(?: # .*)?$/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Lines that are no samples are skipped; exemplars and time stamps are left out. */
export function parseExposition(text: string): Samples {
  const samples = new Map<string, Sample[]>();
  for (const written of text.split('\n')) {
    const match = written.startsWith('#') ? null : line.exec(written);
    const value = valueOf(match?.[3] ?? '');
    if (match?.[1] === undefined || value === null) continue;
    const own = samples.get(match[1]) ?? [];
    own.push({ labels: labelsOf(match[2] ?? ''), value });
    samples.set(match[1], own);
  }
  return samples;
}

/** Several processes as if they were one: their samples side by side, so that sums are over all. */
export function joinSamples(parts: readonly Samples[]): Samples {
  const joined = new Map<string, Sample[]>();
  for (const part of parts) {
    for (const [name, samples] of part) joined.set(name, [...(joined.get(name) ?? []), ...samples]);
  }
  return joined;
}

function valueOf(text: string): number | null {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  const value = Number(text);
  return text === '' || Number.isNaN(value) ? null : value;
}

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(label)].map(([, name, value]) => [
      name ?? '',
      (value ?? '').replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)),
    ]),
  );
}
