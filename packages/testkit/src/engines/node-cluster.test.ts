import { expect, test, vi } from 'vitest';
import { findNodeCluster, requireNodeCluster } from './node-cluster.ts';

const nowhere = { EVENTLY_KUBE_TOOLS: '/nonexistent' };

test('where a node cannot be started, the reason says what is missing', async () => {
  for (const env of [{}, nowhere]) {
    const search = await findNodeCluster({}, env);
    expect(search.kind).toBe('missing');
    expect(search.kind === 'missing' && search.reason).toMatch(/EVENTLY_KUBE_TOOLS|root|Linux/);
  }
});

test('its tests are skipped with the reason, and fail where nobody reads what was skipped', async () => {
  const skip = vi.fn((note: string): never => {
    throw new Error(`skipped: ${note}`);
  });
  await expect(requireNodeCluster(skip, {}, nowhere)).rejects.toThrow(/^skipped: /);
  expect(skip).toHaveBeenCalledOnce();
  await expect(requireNodeCluster(skip, {}, { ...nowhere, CI: 'true' })).rejects.not.toThrow(/skipped/);
  expect(skip).toHaveBeenCalledOnce();
});
