/** One copy of the charts for a test file, made when the first test asks for it and removed after the last. */
import { requireHelmTools } from '@evently/testkit/engines/helm-tools';
import { afterAll, beforeEach } from 'vitest';
import { z } from 'zod';
import {
  copyCharts,
  objectsOf,
  render,
  type ChartCopy,
  type RenderOptions,
} from '../../charts/build/render.ts';

export type HelmWorld = { copy: () => ChartCopy; tools: () => string };

/** Registers the hooks of the file: its tests are skipped, or fail in CI, where Helm is missing. */
export function helmWorld(): HelmWorld {
  let made: { copy: ChartCopy; tools: string } | null = null;
  beforeEach(async (context) => {
    const tools = await requireHelmTools((note) => context.skip(note));
    made ??= { copy: await copyCharts(tools), tools };
  });
  afterAll(() => made?.copy.remove());
  const given = (): { copy: ChartCopy; tools: string } => {
    if (made === null) throw new Error('the charts were not copied');
    return made;
  };
  return { copy: () => given().copy, tools: () => given().tools };
}

export const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    annotations: z.record(z.string(), z.string()).default({}),
    labels: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.unknown().optional(),
});
export type KubeObject = z.output<typeof objectSchema>;

export async function renderObjects(copy: ChartCopy, options: RenderOptions = {}): Promise<KubeObject[]> {
  return objectsOf(await render(copy, options)).map((object) => objectSchema.parse(object));
}

export function find(objects: readonly KubeObject[], kind: string, name: string): KubeObject {
  const found = objects.filter((one) => one.kind === kind && one.metadata.name === name);
  const [first] = found;
  if (first === undefined || found.length > 1) throw new Error(`${found.length} objects are ${kind} ${name}`);
  return first;
}
