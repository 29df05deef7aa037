/** The kubectl commands of the runbooks, typed as they stand there, against a real API server with the platform's objects. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { startControlPlane, type ControlPlane } from '@evently/testkit/engines/kube';
import { requireKubeTools } from '@evently/testkit/engines/kube-tools';
import { runProgram } from '@evently/testkit/engines/run-program';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { z } from 'zod';
import { runTyped } from '../../tests/typed-command.ts';
import { commandsOf } from './runbook.ts';

const root = path.join(import.meta.dirname, '../..');
const read = (at: string): string => readFileSync(path.join(root, at), 'utf8');
const kindSchema = z.looseObject({ kind: z.string() });
// What the commands ask for; the rest of the platform needs kinds that this API server has not.
const kinds = new Set([
  'ServiceAccount',
  'Role',
  'RoleBinding',
  'ConfigMap',
  'Deployment',
  'HorizontalPodAutoscaler',
]);
// A metrics API, and a kubelet that a port can be forwarded through: there is neither here.
const needsNode = /^kubectl --namespace evently (?:top|port-forward) /;

let plane: ControlPlane | null = null;
let environment: Record<string, string> = {};
let missing = '';

beforeAll(async () => {
  // A hook cannot skip: each test says what is missing.
  const folder = await requireKubeTools((note) => {
    missing = note;
    throw new Error(note);
  }).catch((error: Error) => {
    if (missing === '') throw error;
    return null;
  });
  if (folder === null) return;
  plane = await startControlPlane();
  // kubectl keeps what it discovered in the home of the user, or else in the folder where it stands.
  const home = path.dirname(plane.kubeconfig);
  environment = {
    PATH: `${folder}:${process.env['PATH'] ?? ''}`,
    HOME: home,
    KUBECONFIG: plane.kubeconfig,
  };
  await plane.kubectl(['create', 'namespace', 'evently']);
  await plane.kubectl(['apply', '--filename', '-'], read('k8s/operator/crd.yaml'));
  await plane.kubectl(['wait', '--for=condition=Established', 'crd/eventsales.evently.dev']);
  const objects = parseAllDocuments(read('charts/evently/goldens/default-1.36.yaml'))
    .map((document) => kindSchema.safeParse(document.toJS()).data)
    .filter((object) => object !== undefined && kinds.has(object.kind));
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'evently-operator', namespace: 'evently' },
    spec: { holderIdentity: 'nobody' },
  };
  const sale = read('k8s/samples/minimal.yaml').replace('name: minimal', 'name: the-evening');
  const all = [...objects, lease].map((object) => stringify(object)).join('---\n');
  await plane.kubectl(['apply', '--namespace', 'evently', '--filename', '-'], `${all}---\n${sale}`);
});
afterAll(() => plane?.stop());

const commands = globSync('docs/runbooks/*.md', { cwd: root })
  .flatMap((page) => commandsOf(read(page)).map(({ about, text }) => ({ page, about, text })))
  .filter(({ text }) => text.startsWith('kubectl '));
const typed = [...new Map(commands.map((one) => [one.text, one])).values()].filter(
  ({ text }) => !needsNode.test(text),
);

test.for(typed)('$page: $about', async ({ text }, { skip }) => {
  if (missing !== '') skip(missing);
  const { code, stderr } = await runTyped('bash', ['--norc', '-c', text], environment);
  // kubectl says so when there is nothing to show, as where no event happened yet.
  expect([code, stderr.replaceAll(/^No resources found.*\n/gm, '')]).toEqual([0, '']);
});

test('nearly all are tried', () => {
  expect(commands.filter(({ text }) => needsNode.test(text))).toHaveLength(2);
  expect(typed.length).toBeGreaterThan(12);
});

test('control: what is misspelt fails', async ({ skip }) => {
  if (missing !== '') skip(missing);
  const { code } = await runTyped(
    'bash',
    ['--norc', '-c', 'kubectl --namespace evently get eventsails'],
    environment,
  );
  expect(code).not.toBe(0);
});

test('the service account of the operator may look, as the runbook asks', async ({ skip }) => {
  if (missing !== '') skip(missing);
  const program = 'kubectl';
  const args = [
    'auth',
    'can-i',
    'watch',
    'pods',
    '--namespace',
    'evently',
    '--as',
    'system:serviceaccount:evently:operator',
  ];
  expect((await runProgram(program, args, { env: environment })).trim()).toBe('yes');
});
