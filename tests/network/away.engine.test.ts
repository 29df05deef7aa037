/** An operator in a namespace of its own, as two releases: its calls are allowed there, and nobody else's from there. */
import { beforeEach, expect, test } from 'vitest';
import { helmWorld } from '../charts/helm-world.ts';
import type { ChartCopy } from '../../charts/build/render.ts';
import { judgeBetween, type Pod } from './evaluate.ts';
import type { Policy } from './policy.ts';
import { readRendered } from './rendered.ts';

const world = helmWorld();
const away = 'evently-system';
let found: { pods: Pod[]; policies: Policy[] } = { pods: [], policies: [] };

async function renderBoth(copy: ChartCopy): Promise<typeof found> {
  const platform = await copy.helm([
    'template',
    'evently',
    'evently',
    '--namespace=evently',
    '--set=operator.enabled=false',
    `--set=global.networkPolicy.operatorNamespace=${away}`,
  ]);
  const operator = await copy.helm([
    'template',
    'operator',
    'operator',
    `--namespace=${away}`,
    '--set=watchNamespace=evently',
  ]);
  const both = [readRendered(platform, 'evently'), readRendered(operator, away)];
  return {
    pods: both.flatMap(({ pods }) => pods),
    policies: both.flatMap(({ policies }) => policies),
  };
}
beforeEach(async () => {
  if (found.pods.length === 0) found = await renderBoth(world.copy());
});

function pod(name: string): Pod {
  const one = found.pods.find(({ labels }) => labels['app.kubernetes.io/name'] === name);
  if (one === undefined) throw new Error(`no chart rendered a pod of ${name}`);
  return one;
}
function mayCall(from: Pod, to: Pod, port: number): boolean {
  return judgeBetween(found.policies, from, to, 'blocks match no pod')({ port, protocol: 'TCP' }).allowed;
}

test('the operator reaches booking, event and search from its own namespace, and no other service', () => {
  const operator = pod('operator');
  expect(operator.namespace).toBe(away);
  expect(mayCall(operator, pod('booking'), 8004)).toBe(true);
  expect(mayCall(operator, pod('event'), 8002)).toBe(true);
  expect(mayCall(operator, pod('search'), 8003)).toBe(true);
  expect([mayCall(operator, pod('payment'), 8005), mayCall(operator, pod('user'), 8001)]).toEqual([
    false,
    false,
  ]);
});

test('its labels in the namespace of the services open nothing, nor does another pod of its namespace', () => {
  const operator = pod('operator');
  const here = {
    ...operator,
    namespace: 'evently',
    namespaceLabels: { 'kubernetes.io/metadata.name': 'evently' },
  };
  const beside = { ...operator, labels: { 'app.kubernetes.io/name': 'other' } };
  expect([mayCall(here, pod('booking'), 8004), mayCall(beside, pod('booking'), 8004)]).toEqual([
    false,
    false,
  ]);
});
