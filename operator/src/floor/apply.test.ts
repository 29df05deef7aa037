/** What writing a floor answers. */
import { expect, test } from 'vitest';
import { createLogger } from '@evently/kit/log';
import { poolOf } from '../../test/plan-fixture.ts';
import { fieldManager } from '../api/names.ts';
import { createEffects } from '../effects.ts';
import { createKnowledge } from '../knowledge.ts';
import type { KubeObject } from '../kube/resource.ts';
import { applyFloor } from './apply.ts';

const effects = createEffects({
  lease: { assertHeld: () => {} },
  log: createLogger('test', 'silent'),
  observe: () => {},
});
const autoscaler = {
  namespace: 'shop',
  name: 'booking',
  uid: 'uid-booking',
  pool: poolOf(),
  scaleTarget: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'booking' },
  faults: [],
};

test('the API server says when it took a floor, by the clock that it stamps other writers with', async () => {
  const stored: KubeObject = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: {
      name: 'booking',
      namespace: 'shop',
      uid: 'uid-booking',
      resourceVersion: '8',
      creationTimestamp: '2026-11-01T00:00:00Z',
      labels: {},
      annotations: {},
      finalizers: [],
      ownerReferences: [],
      managedFields: [
        { manager: 'helm', time: '2026-11-20T17:00:00Z' },
        { manager: fieldManager, time: '2026-11-20T17:50:07Z' },
      ],
    },
  };
  const deps = { api: { apply: () => Promise.resolve(stored) }, effects, knowledge: createKnowledge(0) };
  expect(await applyFloor(deps, autoscaler, 8, new AbortController().signal)).toEqual({
    kind: 'applied',
    stampedAtMs: Date.parse('2026-11-20T17:50:07Z'),
  });
});
