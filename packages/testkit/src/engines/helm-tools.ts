/** Where Helm, its tools and a promtool for clusters come from: beside the programs of Kubernetes, or what `make helm-tools` made. */
import { constants } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isContinuousIntegration } from './engine.ts';
import { findKubeTools, mayUse } from './kube-tools.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** `folder` holds every program of `helmPrograms`. */
export type HelmToolsSearch = { kind: 'found'; folder: string } | { kind: 'missing'; reason: string };

/** Debian's own promtool is built without Kubernetes, and refuses a configuration that finds pods. */
export const helmPrograms = ['helm', 'helm-unittest', 'helm-docs', 'promtool'] as const;
// renovate: datasource=go depName=helm.sh/helm/v4
export const helmVersion = '4.3.1';
export const helmToolsFolder = fileURLToPath(
  new URL(`../../../../.engines/helm-${helmVersion}`, import.meta.url),
);

const advice =
  'run "make helm-tools" once (it needs Go, and builds for some minutes), or let EVENTLY_KUBE_TOOLS name a folder whose command kube-bin prints where the programs lie';

/** Looks without making anything. */
export async function findHelmTools(env: Environment = process.env): Promise<HelmToolsSearch> {
  const kube = await findKubeTools(env);
  const folders = [...(kube.kind === 'found' ? [kube.folder] : []), helmToolsFolder];
  for (const folder of folders) if (await isComplete(folder)) return { kind: 'found', folder };
  return {
    kind: 'missing',
    reason: `${helmPrograms.join(', ')} are in none of ${folders.join(', ')}: ${advice}`,
  };
}

/**
 * The folder of the programs for a test. Where they are missing the test is skipped, with the reason; where `CI` is
 * set it fails, because nobody reads there what was skipped.
 */
export async function requireHelmTools(
  skip: (note: string) => never,
  env: Environment = process.env,
): Promise<string> {
  const search = await findHelmTools(env);
  if (search.kind === 'found') return search.folder;
  if (isContinuousIntegration(env)) throw new Error(search.reason);
  return skip(search.reason);
}

async function isComplete(folder: string): Promise<boolean> {
  for (const program of helmPrograms) {
    if (!(await mayUse(path.join(folder, program), constants.X_OK))) return false;
  }
  return true;
}
