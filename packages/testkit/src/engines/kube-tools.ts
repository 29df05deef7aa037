/** Where the programs of Kubernetes come from: EVENTLY_KUBE_TOOLS, or what `make kube-tools` made. */
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { isContinuousIntegration } from './engine.ts';

const run = promisify(execFile);

type Environment = Readonly<Record<string, string | undefined>>;

/** `folder` holds every program of `kubePrograms` and kwok's stages. */
export type KubeToolsSearch =
  { kind: 'found'; folder: string; version: string } | { kind: 'missing'; reason: string };

/** What is built, and with which module's version. */
export const kubeVersions = { kubernetes: '1.36.3', etcd: '3.6.8', kwok: '0.8.0' } as const;
export const kubeToolsFolder = fileURLToPath(
  new URL(
    `../../../../.engines/kube-${kubeVersions.kubernetes}-etcd-${kubeVersions.etcd}-kwok-${kubeVersions.kwok}`,
    import.meta.url,
  ),
);
export const kubePrograms = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubectl',
  'kwok',
] as const;
export const kwokStages = 'kwok-stages.yaml';

const variable = 'EVENTLY_KUBE_TOOLS';
const advice =
  'run "make kube-tools" once (it needs Go, and builds Kubernetes for some 25 minutes), or let EVENTLY_KUBE_TOOLS name a folder whose command kube-bin prints where the programs lie';
// The first answer may unpack an archive.
const answerDeadlineMs = 120_000;
const versionDeadlineMs = 15_000;

/** Looks without making anything. A folder that the variable names and that does not do is `missing`. */
export async function findKubeTools(env: Environment = process.env): Promise<KubeToolsSearch> {
  const named = env[variable] ?? '';
  if (named === '') return judge(kubeToolsFolder, `${kubeToolsFolder} has`);
  try {
    const { stdout } = await run(path.join(named, 'kube-bin'), [], { timeout: answerDeadlineMs });
    return await judge(stdout.trim(), `${variable} leads to ${stdout.trim()}, which has`);
  } catch (error) {
    const says = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return {
      kind: 'missing',
      reason: `${variable} names ${named}, whose kube-bin fails (${says}): ${advice}`,
    };
  }
}

/**
 * The folder of the programs for a test. Where they are missing the test is skipped, with the reason; where `CI` is
 * set it fails, because nobody reads there what was skipped.
 */
export async function requireKubeTools(
  skip: (note: string) => never,
  env: Environment = process.env,
): Promise<string> {
  const search = await findKubeTools(env);
  if (search.kind === 'found') return search.folder;
  if (isContinuousIntegration(env)) throw new Error(search.reason);
  return skip(search.reason);
}

async function judge(folder: string, introduction: string): Promise<KubeToolsSearch> {
  const lacking: string[] = [];
  for (const program of kubePrograms) {
    if (!(await mayUse(path.join(folder, program), constants.X_OK))) lacking.push(program);
  }
  if (!(await mayUse(path.join(folder, kwokStages), constants.R_OK))) lacking.push(kwokStages);
  if (lacking.length > 0) {
    return { kind: 'missing', reason: `${introduction} no ${lacking.join(', ')}: ${advice}` };
  }
  const { stdout } = await run(path.join(folder, 'kube-apiserver'), ['--version'], {
    timeout: versionDeadlineMs,
  });
  return { kind: 'found', folder, version: stdout.trim().replace(/^Kubernetes v/, '') };
}

export function mayUse(file: string, mode: number = constants.R_OK): Promise<boolean> {
  return access(file, mode).then(
    () => true,
    () => false,
  );
}
