/** Unpacks an image's archive (OCI image layout), and runs programs inside it as a container does. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { runProgram } from '@evently/testkit/engines/run-program';

const indexSchema = z.object({ manifests: z.tuple([z.object({ digest: z.string() })]) });
const manifestSchema = z.object({
  config: z.object({ digest: z.string() }),
  layers: z.array(z.object({ digest: z.string(), size: z.int() })),
});
const configSchema = z.object({
  config: z.object({
    User: z.string(),
    Env: z.array(z.string()),
    Entrypoint: z.array(z.string()),
    Cmd: z.array(z.string()),
    WorkingDir: z.string(),
    Labels: z.record(z.string(), z.string()),
  }),
});

export type UnpackedImage = {
  config: z.output<typeof configSchema>['config'];
  /** The root of its files. */
  root: string;
  /** As it travels. */
  compressedBytes: number;
};

const unpackMs = 120_000;

/** Into `folder`, which is made anew. No layer of ours removes what one below it has. */
export async function unpackImage(archive: string, folder: string): Promise<UnpackedImage> {
  await rm(folder, { recursive: true, force: true });
  const [layout, root] = [path.join(folder, 'layout'), path.join(folder, 'root')];
  await mkdir(layout, { recursive: true });
  await mkdir(root);
  const untar = (file: string, into: string): Promise<string> =>
    runProgram('tar', ['-xf', file, '-C', into], { deadlineMs: unpackMs });
  await untar(archive, layout);
  const blob = (digest: string): string => path.join(layout, 'blobs', ...digest.split(':'));
  const read = async <T>(file: string, schema: z.ZodType<T>): Promise<T> =>
    schema.parse(JSON.parse(await readFile(file, 'utf8')));
  const index = await read(path.join(layout, 'index.json'), indexSchema);
  const manifest = await read(blob(index.manifests[0].digest), manifestSchema);
  for (const layer of manifest.layers) await untar(blob(layer.digest), root);
  const { config } = await read(blob(manifest.config.digest), configSchema);
  const compressedBytes = manifest.layers.reduce((sum, { size }) => sum + size, 0);
  return { config, root, compressedBytes };
}

/**
 * The command line of a process in the image: its user, its folder, its entrypoint with `args` (its own command
 * without). Its root cannot be written to, by nobody. Takes root.
 */
export function commandIn({ root, config }: UnpackedImage, args: readonly string[] = config.Cmd): string[] {
  const enter =
    'mount --bind "$0" "$0"; mount -o remount,ro,bind "$0"; user="$1"; folder="$2"; shift 2; ' +
    'exec /usr/sbin/chroot --userspec="$user" "$0" env -C "$folder" "$@"';
  const { User, WorkingDir, Entrypoint } = config;
  return ['unshare', '--mount', 'sh', '-euc', enter, root, User, WorkingDir, ...Entrypoint, ...args];
}

/** What the image sets in every process's environment. */
export function environmentIn({ config }: UnpackedImage): Record<string, string> {
  return Object.fromEntries(
    config.Env.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}
