/** An EventSale as its owner meets it: a sample that is adjusted and applied, and `kubectl get eventsales` over time. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { pause } from '@evently/kit/clock';
import type { NodeCluster } from '@evently/testkit/engines/node-cluster';
import { namespace } from './namespace.ts';
import { countReady } from './pods.ts';

export type SaleTimes = { opensAtMs: number; closesAtMs: number };
/** Seconds before (negative) or after the opening. */
export type Sighting = {
  seconds: number;
  stage: string;
  floor: number;
  pods: number;
  warm: string;
  open: string;
};

const samples = fileURLToPath(new URL('../../k8s/samples', import.meta.url));
const saleSchema = z.object({
  status: z
    .object({
      floor: z.int().optional(),
      conditions: z.array(z.object({ type: z.string(), status: z.string(), reason: z.string() })).default([]),
      warm: z.array(z.object({ name: z.string(), result: z.string() })).default([]),
      openLatenessMillis: z.int().optional(),
    })
    .optional(),
});
const lookMs = 500;
const maxLooks = 2_000;

/**
 * The sample `floor` or `demand` with the lines changed that its user changes; a line that is not there is a fault of
 * the sample. Answers the file's path.
 */
export async function adjustSample(
  folder: string,
  sample: string,
  name: string,
  lines: Readonly<Record<string, string>>,
): Promise<string> {
  let text = await readFile(path.join(samples, `${sample}.yaml`), 'utf8');
  for (const [field, value] of Object.entries({ name, ...lines })) {
    const line = new RegExp(`^( *)${field}:.*$`, 'm');
    if (!line.test(text)) throw new Error(`the sample ${sample} has no line ${field}:`);
    text = text.replace(line, `$1${field}: ${value}`);
  }
  const file = path.join(folder, `${name}.yaml`);
  await writeFile(file, text);
  return file;
}

export async function applySale(cluster: NodeCluster, file: string): Promise<void> {
  await cluster.kubectl(['apply', '-n', namespace, '-f', file]);
}

export type SaleWatch = {
  sightings: () => readonly Sighting[];
  /** The first look at which it was so, in seconds after the opening; null when it never was. */
  firstWhen: (isSo: (one: Sighting) => boolean) => number | null;
  stop: () => Promise<void>;
};

/** Looks twice a second; says each change as `kubectl get eventsales` shows it. */
export function watchSale(
  cluster: NodeCluster,
  name: string,
  opensAtMs: number,
  say: (line: string) => void,
): SaleWatch {
  const sightings: Sighting[] = [];
  let isStopped = false;
  const looking = (async () => {
    for (let looks = 0; looks < maxLooks && !isStopped; looks += 1) {
      const seen = await look(cluster, name, opensAtMs).catch(() => null);
      const last = sightings.at(-1);
      if (seen !== null) {
        sightings.push(seen);
        if (last === undefined || wordsOf(last) !== wordsOf(seen)) {
          say(`T${seen.seconds < 0 ? '' : '+'}${seen.seconds.toFixed(1)} s`);
          say(await cluster.kubectl(['get', 'eventsales', '-n', namespace]).catch(String));
        }
      }
      await pause(lookMs);
    }
  })();
  return {
    sightings: () => sightings,
    firstWhen: (isSo) => sightings.find(isSo)?.seconds ?? null,
    stop: async () => {
      isStopped = true;
      await looking;
    },
  };
}

function wordsOf({ stage, floor, pods, warm }: Sighting): string {
  return `${stage} ${floor} ${pods} ${warm}`;
}

async function look(cluster: NodeCluster, name: string, opensAtMs: number): Promise<Sighting> {
  const [{ reasonOf, floor }, pods] = await Promise.all([
    readSale(cluster, name),
    countReady(cluster, 'booking'),
  ]);
  return {
    seconds: (Date.now() - opensAtMs) / 1_000,
    stage: reasonOf('Ready').split('/')[1] ?? '',
    floor,
    pods,
    warm: reasonOf('CachesWarm'),
    open: reasonOf('SaleOpen'),
  };
}

export type SaleStatus = {
  floor: number;
  /** `True/Warm` for a condition, empty while it is not told. */
  reasonOf: (condition: string) => string;
  /** What has become of a task of warming, empty while it is not told. */
  resultOf: (task: string) => string;
};

export async function readSale(cluster: NodeCluster, name: string): Promise<SaleStatus> {
  const said = await cluster.kubectl(['get', 'eventsale', name, '-n', namespace, '-o', 'json']);
  const { status } = saleSchema.parse(JSON.parse(said));
  return {
    floor: status?.floor ?? 0,
    reasonOf: (type) => {
      const condition = status?.conditions.find((one) => one.type === type);
      return condition === undefined ? '' : `${condition.status}/${condition.reason}`;
    },
    resultOf: (task) => status?.warm.find((one) => one.name === task)?.result ?? '',
  };
}

export async function stopSale(cluster: NodeCluster, name: string): Promise<void> {
  const stop = JSON.stringify({ spec: { intent: 'Stop' } });
  await cluster.kubectl(['patch', 'eventsale', name, '-n', namespace, '--type=merge', '-p', stop]);
}
