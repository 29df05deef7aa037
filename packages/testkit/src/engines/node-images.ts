/** Builds the images of a real node by the project's Dockerfile, without a container engine; layers are kept. */
import { mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { monotonicMs } from '@evently/kit/clock';
import type { NodeClusterTools } from './node-cluster.ts';
import { mayUse } from './kube-tools.ts';
import { runProgram } from './run-program.ts';

export type ImageRequest = {
  /** With its registry: docker.io/evently/booking:0.1.0. */
  tag: string;
  /** Values of the Dockerfile's ARGs. */
  buildArguments?: Readonly<Record<string, string>>;
  target?: string;
};
/** `tookMs` of the images in the order asked for, `baseMs` of what they stand on: 0 when it was there. */
export type BuiltImages = { archives: readonly string[]; baseMs: number; tookMs: readonly number[] };

const root = fileURLToPath(new URL('../../../..', import.meta.url));
/** Kept from run to run: the base images and the layers. Removing it only costs the time to build them again. */
const kept = path.join(root, '.engines', 'node-images');
export const nodeBase = 'docker.io/library/node:26-slim';
const authorities = '/etc/ssl/certs/ca-certificates.crt';
const buildMs = 420_000;

/** Answers OCI archives: the sandbox image first, then the images in the order asked for. */
export async function buildNodeImages(
  tools: NodeClusterTools,
  requests: readonly ImageRequest[],
): Promise<BuiltImages> {
  const images = path.join(kept, 'images');
  await mkdir(images, { recursive: true });
  const env = {
    ...process.env,
    KUBE_STATE: kept,
    KUBE_IMAGES: images,
    // What a builder trusts, the build trusts: a company's own authority, for example.
    ...((await mayUse(authorities)) && { BUILD_CA: authorities }),
  };
  const build = (args: readonly string[]): Promise<string> =>
    runProgram(path.join(tools.scripts, 'image-build'), args, { env, deadlineMs: buildMs, cwd: root });
  const begun = monotonicMs();
  const present = await build(['list']);
  const pause = path.join(images, 'localhost_pause_1.tar');
  if (!(await mayUse(pause))) await build(['pause']);
  if (!isListed(present, nodeBase)) await build(['node-base', nodeBase]);
  const baseMs = Math.round(monotonicMs() - begun);
  const archives = [pause];
  const tookMs: number[] = [];
  for (const request of requests) {
    const started = monotonicMs();
    const given = { BASE: nodeBase, ...request.buildArguments };
    const flags = Object.entries(given).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
    const target = request.target === undefined ? [] : ['--target', request.target];
    await build(['app', request.tag, root, '-f', path.join(root, 'Dockerfile'), ...target, ...flags]);
    archives.push(await archiveOf(images, request.tag));
    tookMs.push(Math.round(monotonicMs() - started));
  }
  return { archives, baseMs, tookMs };
}

function isListed(list: string, tag: string): boolean {
  const at = tag.lastIndexOf(':');
  const [name, version] = [tag.slice(0, at), tag.slice(at + 1)];
  return list.split('\n').some((line) => {
    const [listed, as] = line.trim().split(/\s+/);
    return listed === name && as === version;
  });
}

async function archiveOf(folder: string, tag: string): Promise<string> {
  const name = `${tag.replaceAll(/[/:@]/g, '_')}.tar`;
  const files = await readdir(folder);
  if (files.includes(name)) return path.join(folder, name);
  throw new Error(`image-build wrote no ${name}; there are ${files.join(', ')}`);
}
