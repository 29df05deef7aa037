import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { startControlPlane, type ControlPlane } from './kube.ts';
import { requireKubeTools } from './kube-tools.ts';

let plane: ControlPlane | null = null;
beforeEach(async (context) => {
  await requireKubeTools((note) => context.skip(note));
  plane ??= await startControlPlane({ hpaSyncMs: 1_000 });
});
afterAll(() => plane?.stop());

function started(): ControlPlane {
  if (plane === null) throw new Error('no control plane');
  return plane;
}

function stateOf(pid: number): string {
  return spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
}

test('pods on fake nodes turn Ready, and an HPA without metrics follows a raised floor', async () => {
  const { kubectl, startedInMs } = started();
  process.stdout.write(`control plane ready in ${startedInMs} ms\n`);
  await kubectl(['create', 'deployment', 'web', '--image=web:1', '--replicas=1']);
  await kubectl(['autoscale', 'deployment', 'web', '--min=3', '--max=9']);
  await expect
    .poll(() => kubectl(['get', 'deployment', 'web', '-o', 'jsonpath={.status.readyReplicas}']), {
      timeout: 30_000,
    })
    .toBe('3');
});

test('two run side by side', async () => {
  const other = await startControlPlane({ fakeNodes: 1 });
  try {
    expect(other.server).not.toBe(started().server);
    const nodes = await other.kubectl(['get', 'nodes', '-o', 'name']);
    expect(nodes.trim().split('\n')).toHaveLength(1);
  } finally {
    await other.stop();
  }
  expect(existsSync(path.dirname(other.kubeconfig))).toBe(false);
});

test('the API server killed and started again keeps what it was told', async () => {
  const { kubectl, killApiServer, startApiServer, restartApiServer, pids } = started();
  await kubectl(['create', 'namespace', 'kept']);
  const before = pids()['kube-apiserver'];
  await killApiServer();
  await expect(kubectl(['get', '--raw', '/readyz'])).rejects.toThrow();
  await startApiServer();
  await restartApiServer();
  expect(pids()['kube-apiserver']).not.toBe(before);
  expect(await kubectl(['get', 'namespace', 'kept', '-o', 'name'])).toBe('namespace/kept\n');
});

test('nothing outlives a process that is killed', async () => {
  const module = fileURLToPath(new URL('kube-processes.ts', import.meta.url));
  const script = `import { createProcessGroup } from ${JSON.stringify(module)};
    const group = await createProcessGroup('watchdog');
    await group.start('sleeper', 'sleep', ['300']);
    console.log(JSON.stringify({ pid: group.pids().sleeper, folder: group.folder }));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: path.dirname(module),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { pid, folder } = JSON.parse(String(line));
  expect(stateOf(pid)).toMatch(/^[SR]/);
  child.kill('SIGKILL');
  await expect.poll(() => existsSync(folder), { timeout: 10_000 }).toBe(false);
  // Gone, or dead and waiting for whoever collects orphans.
  expect(stateOf(pid)).toMatch(/^(Z|$)/);
});
