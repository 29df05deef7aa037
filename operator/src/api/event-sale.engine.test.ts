import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { startControlPlane, type ControlPlane } from '@evently/testkit/engines/kube';
import { requireKubeTools } from '@evently/testkit/engines/kube-tools';
import {
  editsAfterOpening,
  editsBeforeOpening,
  goodSpec,
  refusedSales,
  type Edit,
  type Spec,
} from '../../test/sales-for-the-schema.ts';
import { toStatusBody, type EventSaleStatus } from './event-sale-status.ts';
import { apiVersion, kind } from './names.ts';
import { parseEventSale } from './parse-event-sale.ts';
import { grantsOf } from './permissions.ts';

const k8s = fileURLToPath(new URL('../../../k8s', import.meta.url));
const namespace = 'evently';
const inNamespace = ['--namespace', namespace];
const ownNamespace = 'evently-system';
const inOwnNamespace = ['--namespace', ownNamespace];
const statusFlags = ['--server-side', '--force-conflicts', '--subresource=status', '-f', '-'];
const account = `system:serviceaccount:${ownNamespace}:evently-operator`;

let plane: ControlPlane | null = null;
beforeEach(async (context) => {
  await requireKubeTools((note) => context.skip(note));
  if (plane !== null) return;
  plane = await startControlPlane({ fakeNodes: 2 });
  // As a person does it: the whole folder, and the strictest level of pod security.
  await plane.kubectl(['apply', '--kustomize', `${k8s}/operator`]).catch(async (error: unknown) => {
    // The kind is not served yet in the first moment; everything else has been applied.
    if (!String(error).includes('no matches for kind')) throw error;
  });
  await plane.kubectl(['wait', '--for=condition=Established', 'crd/eventsales.evently.dev', '--timeout=20s']);
});
afterAll(() => plane?.stop());

function kubectl(args: readonly string[], stdin?: unknown): Promise<string> {
  if (plane === null) throw new Error('no control plane');
  return plane.kubectl(args, stdin === undefined ? undefined : JSON.stringify(stdin));
}

function sale(name: string, changes: Spec = {}): object {
  return { apiVersion, kind, metadata: { name, namespace }, spec: { ...goodSpec, ...changes } };
}
async function read(name: string): Promise<ReturnType<typeof parseEventSale>> {
  return parseEventSale(JSON.parse(await kubectl(['get', kind, name, ...inNamespace, '-o', 'json'])));
}
async function createSale(name: string, changes: Spec = {}): Promise<void> {
  await kubectl(['create', '-f', '-'], sale(name, changes));
}
async function applyStatus(name: string, status: EventSaleStatus, owner = 'evently-operator'): Promise<void> {
  const body = toStatusBody((await read(name)).metadata, status);
  await kubectl(['apply', `--field-manager=${owner}`, ...statusFlags], body);
}
async function complaint(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'nothing: it passed',
    (error: unknown) => String(error),
  );
}

const ready = {
  type: 'Ready',
  status: 'True',
  observedGeneration: 1,
  lastTransitionTime: '2026-11-20T17:30:00Z',
  reason: 'Scheduled',
  message: 'Opens on 12 March.',
} as const;
const warmed = {
  ...ready,
  type: 'CachesWarm',
  status: 'False',
  reason: 'NotYet',
  message: 'Later.',
} as const;

test('every sample is accepted, and applying it again changes nothing', async () => {
  const apply = ['apply', ...inNamespace, '-f', `${k8s}/samples`];
  expect((await kubectl(apply)).match(/created$/gm)?.length).toBeGreaterThanOrEqual(5);
  const versions = ['get', 'evs', ...inNamespace, '-o', 'jsonpath={.items[*].metadata.resourceVersion}'];
  const before = await kubectl(versions);
  await kubectl(apply);
  expect(await kubectl(versions)).toBe(before);
});

test('the defaults of the schema appear in what is stored, and the operator reads the same without them', async () => {
  await createSale('defaults');
  const stored = z
    .object({ spec: z.unknown() })
    .parse(JSON.parse(await kubectl(['get', kind, 'defaults', ...inNamespace, '-o', 'json'])));
  expect(stored.spec).toEqual({
    ...goodSpec,
    timeZone: 'UTC',
    target: { kind: 'HorizontalPodAutoscaler', name: 'booking' },
    prewarm: {
      leadTime: 'Auto',
      tasks: [
        { name: 'Inventory', policy: 'Required', timeout: '60s' },
        { name: 'Connections', policy: 'Required', timeout: '60s' },
        { name: 'Event', policy: 'BestEffort', timeout: '60s' },
        { name: 'Search', policy: 'BestEffort', timeout: '60s' },
      ],
    },
    openGate: { mode: 'Always' },
    intent: 'Run',
    management: 'Managed',
    priority: 0,
    scaleDown: { stepPercent: 20, period: '60s', after: '30m' },
    deletionPolicy: 'CloseAndRelease',
  });
  const { sale: seen, metadata } = await read('defaults');
  const stamp = { ...metadata, creationTimestamp: new Date(metadata.createdAtMs).toISOString() };
  const bare = parseEventSale({ ...sale('defaults'), metadata: stamp });
  expect(seen).toEqual(bare.sale);
});

test('what breaks a rule is refused, with a sentence that says what to do', async () => {
  expect(refusedSales.length).toBeGreaterThanOrEqual(25);
  const wrong: string[] = [];
  for (const { name, changes, says } of refusedSales) {
    const said = await complaint(createSale('refused', changes));
    if (!says.test(said)) wrong.push(`${name}: ${said}`);
  }
  expect(wrong).toEqual([]);
  // The control: the spec that all of them were made from is fine, so each was refused for its own fault.
  await createSale('refused');
});

async function tryEdits(name: string, edits: readonly Edit[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const { name: what, patch, says } of edits) {
    const args = ['patch', kind, name, ...inNamespace, '--type=merge', '-p', JSON.stringify({ spec: patch })];
    const said = await complaint(kubectl(args));
    if (!(says ?? /it passed/).test(said)) wrong.push(`${what}: ${said}`);
  }
  return wrong;
}

test('the event never changes, and the opening and the target not once the status says opened', async () => {
  await createSale('edited');
  expect(await tryEdits('edited', editsBeforeOpening)).toEqual([]);
  await applyStatus('edited', { openedAt: '2027-03-12T09:00:00Z' });
  expect(await tryEdits('edited', editsAfterOpening)).toEqual([]);
});

test('a status that was made from another object of the same name, or before an edit, does not land', async () => {
  await createSale('again');
  const old = toStatusBody((await read('again')).metadata, { floor: 7 });
  await kubectl(['delete', kind, 'again', ...inNamespace]);
  await createSale('again');
  const apply = (body: object): Promise<string> => kubectl(['apply', ...statusFlags], body);
  expect(await complaint(apply(old))).toMatch(/the object has been modified/);
  const seen = toStatusBody((await read('again')).metadata, { floor: 7 });
  expect(await tryEdits('again', [{ name: 'an edit', patch: { priority: 1 }, says: null }])).toEqual([]);
  expect(await complaint(apply(seen))).toMatch(/the object has been modified/);
  expect((await read('again')).status).toBeNull();
  // The control: it is the version that protects. A uid of nobody alone is not looked at.
  await apply({ ...old, metadata: { namespace, name: 'again', uid: 'somebody-else' } });
  expect((await read('again')).status).toEqual({ floor: 7 });
});

test('a status follows the schema, and what is left out vanishes', async () => {
  await createSale('status');
  const warm = { name: 'Inventory', result: 'Warm', items: 4, seconds: 0.4, pods: 2 } as const;
  const status: EventSaleStatus = {
    observedGeneration: 1,
    conditions: [ready, warmed],
    effectiveOpensAt: '2027-03-12T09:00:00Z',
    openedAt: '2027-03-12T09:00:00.250Z',
    openLatenessMillis: 250,
    closedAt: '2027-03-12T10:00:00Z',
    drainedAt: '2027-03-12T10:15:00Z',
    floor: 12,
    readyPods: 11,
    warm: [warm],
    plan: [{ at: '2027-03-12T08:50:00Z', floor: 12, why: 'the lead time begins' }],
    epoch: 9_007_199_254_740_991,
  };
  await applyStatus('status', status);
  expect((await read('status')).status).toEqual(status);
  await applyStatus('status', { floor: 3 });
  expect((await read('status')).status).toEqual({ floor: 3 });
  const many = Array.from({ length: 17 }, () => warm);
  const patch = ['patch', kind, 'status', ...inNamespace, '--subresource=status', '--type=merge', '-p'];
  const said = await complaint(kubectl([...patch, JSON.stringify({ status: { warm: many } })]));
  expect(said).toMatch(/status\.warm: Too many: 17: must have at most 16 items/);
});

test('conditions of two writers live side by side, each by its type', async () => {
  await createSale('conditions');
  await applyStatus('conditions', { conditions: [ready] }, 'one');
  await applyStatus('conditions', { conditions: [warmed] }, 'two');
  expect((await read('conditions')).status?.conditions).toEqual([ready, warmed]);
  await applyStatus('conditions', { conditions: [{ ...ready, reason: 'Prewarming' }] }, 'one');
  await applyStatus('conditions', {}, 'two');
  expect((await read('conditions')).status?.conditions).toEqual([{ ...ready, reason: 'Prewarming' }]);
});

test('kubectl get shows the sale in a line, and explain says what a field means', async () => {
  await createSale('shown');
  await applyStatus('shown', { conditions: [ready, warmed], floor: 12, readyPods: 11 });
  const lines = async (...flags: string[]): Promise<string[][]> =>
    (await kubectl(['get', 'evs', 'shown', ...inNamespace, ...flags]))
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/));
  const [head, row] = await lines();
  expect(head).toEqual(['NAME', 'OPENS', 'STAGE', 'READY', 'FLOOR', 'PODS', 'WARM', 'AGE']);
  expect(row?.slice(0, -1)).toEqual([
    'shown',
    '2027-03-12T10:00:00+01:00',
    'Scheduled',
    'True',
    '12',
    '11',
    'NotYet',
  ]);
  const [wideHead, wideRow] = await lines('-o', 'wide');
  expect(wideHead?.slice(-2)).toEqual(['TARGET', 'MESSAGE']);
  expect(wideRow?.slice(-2)).toEqual(['booking', 'Opens on 12 March.']);
  await kubectl(['wait', '--for=condition=Ready', 'evs/shown', ...inNamespace, '--timeout=5s']);
  const explained = await kubectl(['explain', 'eventsale.spec.intent']);
  expect(explained).toContain('closes within a second');
  expect(explained).toMatch(/ENUM:\s+Run\s+Hold\s+Stop/);
});

const reviewSchema = z.object({
  status: z.object({
    resourceRules: z.array(
      z.object({
        apiGroups: z.array(z.string()),
        resources: z.array(z.string()),
        verbs: z.array(z.string()),
        resourceNames: z.array(z.string()).default(['*']),
      }),
    ),
  }),
});

const whereGranted = [
  { where: namespace, scopes: ['sales', 'cluster'] },
  { where: ownNamespace, scopes: ['lease', 'cluster'] },
  { where: 'default', scopes: ['cluster'] },
] as const;

test.each(whereGranted)(
  'in $where the API server grants the operator what the list says, and nothing beside it',
  async ({ where, scopes }) => {
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectRulesReview',
      spec: { namespace: where },
    };
    const answer = await kubectl(
      // Checking the document first would need the right to list CRDs.
      ['create', `--as=${account}`, '--validate=false', '-f', '-', '-o', 'json'],
      review,
    );
    const granted = reviewSchema
      .parse(JSON.parse(answer))
      .status.resourceRules // What every account may ask about itself.
      .filter(({ apiGroups }) => !apiGroups.some((group) => /^auth\w+\.k8s\.io$/.test(group)))
      .flatMap(({ apiGroups, resources, verbs, resourceNames }) =>
        apiGroups.flatMap((group) =>
          resources.flatMap((resource) =>
            verbs.flatMap((verb) => resourceNames.map((name) => `${verb} ${group}/${resource} ${name}`)),
          ),
        ),
      );
    expect(granted.toSorted()).toEqual(grantsOf(scopes));
  },
);

test('both replicas run where pod security is restricted', async () => {
  await kubectl(['label', 'namespace', ownNamespace, 'pod-security.kubernetes.io/enforce=restricted']);
  await kubectl(['rollout', 'restart', 'deployment/evently-operator', ...inOwnNamespace]);
  await kubectl(['rollout', 'status', 'deployment/evently-operator', ...inOwnNamespace, '--timeout=25s']);
  const plain = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'plain', namespace: ownNamespace } };
  const pod = { ...plain, spec: { containers: [{ name: 'a', image: 'a:1' }] } };
  expect(await complaint(kubectl(['create', '-f', '-'], pod))).toMatch(/violates PodSecurity/);
});
