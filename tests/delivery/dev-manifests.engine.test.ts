/** The manifests of the development cluster on a real API server, where "restricted" is enforced; it stores none of them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startControlPlane, type ControlPlane } from '@evently/testkit/engines/kube';
import { requireKubeTools } from '@evently/testkit/engines/kube-tools';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';

const installMs = 180_000;
const read = (at: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${at}`, import.meta.url)), 'utf8');

let plane: ControlPlane | null = null;
beforeEach(async (context) => {
  await requireKubeTools((note) => context.skip(note));
  if (plane !== null) return;
  plane = await startControlPlane({});
  await plane.kubectl(['apply', '-f', '-'], read('k8s/dev/namespaces.yaml'));
  // A pod is refused before its account is there.
  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'traefik', namespace: 'evently-ingress' },
  };
  await plane.kubectl(['apply', '-f', '-'], JSON.stringify(account));
}, installMs);
afterAll(() => plane?.stop());

/** An unknown field or a warning is a refusal. */
function dryRun(manifest: string): Promise<string> {
  if (plane === null) throw new Error('no control plane');
  const strictly = ['--dry-run=server', '--validate=strict', '--warnings-as-errors'];
  return plane.kubectl(['apply', '--server-side', ...strictly, '-f', '-'], manifest);
}

test.each(['policies', 'traefik', 'mailpit'])(
  'the API server takes k8s/dev/%s.yaml without a warning',
  async (name) => {
    const manifest = read(`k8s/dev/${name}.yaml`);
    const answers = (await dryRun(manifest)).trim().split('\n');
    expect(answers).toHaveLength(parseAllDocuments(manifest).length);
    expect(answers.filter((line) => !line.endsWith('serverside-applied (server dry run)'))).toEqual([]);
  },
);

const deploymentSchema = z.looseObject({
  kind: z.literal('Deployment'),
  metadata: z.looseObject({ namespace: z.string() }),
  spec: z.looseObject({ template: z.looseObject({ metadata: z.looseObject({}), spec: z.looseObject({}) }) }),
});

test.each(['traefik', 'mailpit'])(
  'the pod of %s is admitted where "restricted" is enforced, and a looser one is not',
  async (name) => {
    const [deployment] = parseAllDocuments(read(`k8s/dev/${name}.yaml`))
      .map((document) => deploymentSchema.safeParse(document.toJS()).data)
      .filter((one) => one !== undefined);
    const template = deployment?.spec.template;
    const metadata = { ...template?.metadata, name, namespace: deployment?.metadata.namespace };
    const pod = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', ...template, metadata });
    expect(await dryRun(pod)).toContain(`pod/${name}`);
    const loose = pod.replace('"runAsNonRoot":true', '"runAsNonRoot":false');
    await expect(dryRun(loose)).rejects.toThrow('violates PodSecurity "restricted');
  },
);

test('the Job that Skaffold fills is taken, in the namespace of the checks', async () => {
  expect(await dryRun(read('k8s/verify/job.yaml'))).toContain('job.batch/verify');
});
