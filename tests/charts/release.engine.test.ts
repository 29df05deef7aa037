import { runProgram } from '@evently/testkit/engines/run-program';
import { startControlPlane, type ControlPlane } from '@evently/testkit/engines/kube';
import { requireKubeTools } from '@evently/testkit/engines/kube-tools';
import path from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { helmWorld } from './helm-world.ts';

// Pods on fake nodes turn Ready and their Jobs end well, so that a release lives a whole life without an image.
const world = helmWorld();
const namespace = 'evently';
const startMs = 120_000;
const lifeMs = 240_000;

let plane: ControlPlane | null = null;
beforeEach(async (context) => {
  await requireKubeTools((note) => context.skip(note));
  plane ??= await startControlPlane({ hpaSyncMs: 1_000 });
}, startMs);
afterAll(() => plane?.stop());

function started(): ControlPlane {
  if (plane === null) throw new Error('no control plane');
  return plane;
}

const urls = ['user', 'event', 'booking', 'payment', 'search'].map(
  (service) => `--set=global.secrets.urls.${service}=postgres://postgres/${service}`,
);
const given = ['--values=evently/values-test.yaml', ...urls, '--set=global.secrets.urls.redis=redis://redis'];

function helm(...args: readonly string[]): Promise<string> {
  return runProgram(
    path.join(world.tools(), 'helm'),
    [...args, `--kubeconfig=${started().kubeconfig}`, `--namespace=${namespace}`],
    { cwd: world.copy().folder, deadlineMs: startMs },
  );
}

async function names(kinds: string): Promise<string[]> {
  const text = await started().kubectl(['get', kinds, '--namespace', namespace, '--output=name']);
  return text.split('\n').filter((line) => line !== '' && !/kube-root-ca|serviceaccount\/default/.test(line));
}

const read = (object: string, field: string): Promise<string> =>
  started().kubectl(['get', object, '--namespace', namespace, `--output=jsonpath={${field}}`]);

test(
  'a release is installed, raised by the operator, upgraded and removed, and nothing is left but the kind',
  async () => {
    const { kubectl } = started();
    const notes = await helm(
      'install',
      'evently',
      'evently',
      ...given,
      '--create-namespace',
      '--wait',
      '--timeout=90s',
    );
    expect(notes).toContain('get eventsales --watch');

    // What the hooks needed is gone; what they left out stays.
    expect(
      (await names('jobs,serviceaccounts,secrets,networkpolicies')).filter((name) =>
        name.includes('migrate'),
      ),
    ).toEqual([]);
    expect(await names('deployments')).toHaveLength(6);
    const ticketSecret = await read('secret/evently-booking', '.data.ticket-secret');
    expect(Buffer.from(ticketSecret, 'base64').toString()).toMatch(/^[A-Za-z0-9]{48}$/);
    const key = await read('secret/evently-platform', '.data');
    expect(new Set(Object.values(JSON.parse(key))).size).toBe(1);

    // The floor is the operator's, applied as the operator applies it, and the number of pods is the autoscaler's.
    const floor = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'booking', namespace },
      spec: { minReplicas: 3 },
    };
    await kubectl(
      ['apply', '--server-side', '--validate=false', '--field-manager=evently-operator', '-f', '-'],
      JSON.stringify({
        ...floor,
        spec: {
          ...floor.spec,
          maxReplicas: 4,
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'booking' },
        },
      }),
    );
    await expect.poll(() => read('deployment/booking', '.spec.replicas'), { timeout: 30_000 }).toBe('3');

    await helm(
      'upgrade',
      'evently',
      'evently',
      ...given,
      '--set=booking.settings.BOOKING_HOLD_SECONDS=600',
      '--wait',
      '--timeout=90s',
    );
    expect(await read('hpa/booking', '.spec.minReplicas')).toBe('3');
    expect(await read('deployment/booking', '.spec.replicas')).toBe('3');
    expect(await read('configmap/booking', '.data.BOOKING_HOLD_SECONDS')).toBe('600');
    expect(await read('secret/evently-booking', '.data.ticket-secret')).toBe(ticketSecret);
    // Changed settings replaced booking's pods, and nobody else's.
    expect(await read('deployment/booking', '.metadata.generation')).not.toBe('1');
    expect(await read('deployment/user', '.metadata.generation')).toBe('1');

    // Search goes by an upgrade, and everyone is told by a new pod; nothing of it stays.
    const off = ['--set=search.enabled=false', '--set=global.withSearch=false'];
    await helm('upgrade', 'evently', 'evently', ...given, ...off, '--wait', '--timeout=90s');
    const some = 'deployments,services,configmaps,serviceaccounts,networkpolicies,hpa,jobs';
    await expect
      .poll(async () => (await names(some)).filter((name) => name.includes('search')), { timeout: 30_000 })
      .toEqual([]);
    for (const service of ['user', 'event', 'booking', 'payment'])
      expect(await read(`configmap/${service}`, '.data.POD_WITH_SEARCH')).toBe('0');
    expect(await read('deployment/user', '.metadata.generation')).toBe('2');

    await helm('uninstall', 'evently', '--wait', '--timeout=90s');
    const kinds =
      'deployments,services,configmaps,secrets,serviceaccounts,roles,rolebindings,networkpolicies,hpa,pdb,ingresses,jobs';
    await expect.poll(() => names(kinds), { timeout: 30_000 }).toEqual([]);
    const cluster = await kubectl(['get', 'clusterroles,clusterrolebindings,crd', '--output=name']);
    expect(cluster.split('\n').filter((name) => name.includes('evently'))).toEqual([
      'customresourcedefinition.apiextensions.k8s.io/eventsales.evently.dev',
    ]);
  },
  lifeMs,
);

test(
  'migrations that fail leave their Job to be looked at, no Secret, and no way that is blocked',
  async () => {
    // No node fits, so the Job ends at its deadline.
    const stuck = ['--set=booking.nodeSelector.nowhere=here', '--set=booking.migrations.deadlineSeconds=10'];
    const install = (more: readonly string[]): Promise<string> =>
      helm(
        'install',
        'evently',
        'evently',
        ...given,
        ...more,
        '--create-namespace',
        '--wait',
        '--timeout=90s',
      );
    await expect(install(stuck)).rejects.toThrow(/pre-install.*booking-migrate|DeadlineExceeded/s);
    const hooks = 'jobs,secrets,serviceaccounts,networkpolicies';
    expect(await names(hooks)).toEqual([
      'job.batch/booking-migrate',
      expect.stringContaining('secret/sh.helm.release'),
    ]);
    await helm('uninstall', 'evently');
    await install([]);
    expect((await names(hooks)).filter((name) => name.includes('migrate'))).toEqual([]);
    await helm('uninstall', 'evently', '--wait', '--timeout=90s');
  },
  lifeMs,
);
