import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findKubeTools, kubePrograms, kwokStages, requireKubeTools } from './kube-tools.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evently-kube-tools-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function program(name: string, script: string): Promise<void> {
  await writeFile(path.join(folder, name), `#!/bin/sh\n${script}\n`);
  await chmod(path.join(folder, name), 0o755);
}
const named = (): Record<string, string> => ({ EVENTLY_KUBE_TOOLS: folder });
const skip = (note: string): never => {
  throw new Error(`skipped: ${note}`);
};

test('a folder without kube-bin is missing, with what to do', async () => {
  const search = await findKubeTools({ EVENTLY_KUBE_TOOLS: path.join(folder, 'nowhere') });
  expect(search).toEqual({
    kind: 'missing',
    reason: expect.stringMatching(/whose kube-bin fails.*make kube-tools/s),
  });
});

test('a folder that lacks a program is missing, and the reason names it', async () => {
  await program('kube-bin', `echo "${folder}"`);
  for (const name of kubePrograms.filter((one) => one !== 'kwok')) await program(name, 'exit 0');
  await writeFile(path.join(folder, kwokStages), '');
  const search = await findKubeTools(named());
  expect(search).toEqual({ kind: 'missing', reason: expect.stringContaining('which has no kwok:') });
  await expect(requireKubeTools(skip, named())).rejects.toThrow(/^skipped: .*no kwok/);
  await expect(requireKubeTools(skip, { ...named(), CI: '1' })).rejects.toThrow(/^EVENTLY_KUBE_TOOLS leads/);
});

test('a whole folder is found, with its version', async () => {
  await program('kwok', 'exit 0');
  await program('kube-apiserver', 'echo "Kubernetes v9.8.7"');
  expect(await findKubeTools(named())).toEqual({ kind: 'found', folder, version: '9.8.7' });
});
