/** What an image holds and how it runs: built by the Dockerfile where that works, else assembled by the same script. */
import { access, mkdtemp, readdir, readFile, realpath, rm, stat, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { requireNodeCluster } from '@evently/testkit/engines/node-cluster';
import { buildNodeImages } from '@evently/testkit/engines/node-images';
import { runProgram } from '@evently/testkit/engines/run-program';
import { createPodPlatform, type PodPlatform } from '../pods/pod-platform.ts';
import { probe, runToEnd, startPod, until, untilReady } from '../pods/pod-process.ts';
import { commandIn, environmentIn, unpackImage, type UnpackedImage } from './unpack.ts';

/** As it is pulled, and as it lies on a node: Node itself is 45 of the one and 140 of the other. */
const maxCompressedMiB = 110;
const maxUnpackedMiB = 320;
const mib = 1024 * 1024;
/** The issuers of tokens are away in these tests: a pod waits a while for their keys before it serves without them. */
const startMs = 60_000;
/** Files whose compiled form a start takes from the image; there are some five hundred. */
const fewestCompiled = 300;

const project = path.join(import.meta.dirname, '..', '..');
const say = (line: string): void => void process.stdout.write(`${line}\n`);
let work: string;
/** Those of `make start`. */
let serverFlags: string[];
let platform: PodPlatform;
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'evently-images-'));
  const makefile = await readFile(path.join(project, 'Makefile'), 'utf8');
  serverFlags = /^SERVER_FLAGS := (.+)$/m.exec(makefile)?.[1]?.split(' ') ?? [];
  platform = await createPodPlatform({ REDIS_URL: 'redis://127.0.0.1:1', POD_DRAIN_SECONDS: '0' });
});
afterAll(async () => {
  await platform.close();
  await rm(work, { recursive: true, force: true });
});

const manifestSchema = z.looseObject({ devDependencies: z.record(z.string(), z.string()) });

/** Names that only people who work on the project need; the package `node` among them. */
async function developmentPackages(): Promise<string[]> {
  const text = await readFile(path.join(project, 'package.json'), 'utf8');
  return Object.keys(manifestSchema.parse(JSON.parse(text)).devDependencies);
}

async function exists(at: string): Promise<boolean> {
  return access(at).then(
    () => true,
    () => false,
  );
}

/** Files of `folder` with these names or endings, relative to it. */
async function filesLike(folder: string, pattern: RegExp): Promise<string[]> {
  const all = await readdir(folder, { recursive: true });
  return all.filter((at) => pattern.test(at));
}

/** What holds for the folder of every image, whoever assembled it. */
async function expectProductionTree(app: string, workspace: string): Promise<void> {
  const modules = path.join(app, 'node_modules');
  for (const name of await developmentPackages())
    expect([name, await exists(path.join(modules, name))]).toEqual([name, false]);
  const files = await filesLike(app, /^/);
  const own = files.filter((at) => !at.includes('node_modules/'));
  // Ours are links, which the listing follows.
  const foreign = files.filter((at) => at.includes('node_modules/') && !at.includes('/@evently/'));
  expect(
    own.filter((at) => /\.test\.ts$|(^|\/)test\/|^package-lock\.json$|^\.npmrc$|\.md$/.test(at)),
  ).toEqual([]);
  expect(foreign.filter((at) => at.endsWith('.ts'))).toEqual([]);
  expect(await realpath(path.join(app, 'main.ts'))).toBe(
    await realpath(path.join(app, workspace, 'src', 'main.ts')),
  );
  // Our packages are linked: Node refuses TypeScript that lies below node_modules.
  expect(await realpath(path.join(modules, '@evently', 'kit'))).toBe(
    await realpath(path.join(app, 'packages', 'kit')),
  );
}

test("the operator's folder, assembled without an image: production only, and it starts", async () => {
  const app = path.join(work, 'operator');
  const script = path.join(project, 'scripts', 'assemble-image.sh');
  await runProgram('sh', [script, 'all', project, app, 'operator'], { deadlineMs: 180_000 });
  await expectProductionTree(app, 'operator');
  // Its tests need more: booking, the command, the test kit.
  const ours = await readdir(path.join(app, 'node_modules', '@evently'));
  expect(new Set(ours)).toEqual(new Set(['contracts', 'kit', 'operator']));
  const ran = await runToEnd([process.execPath, ...serverFlags, path.join(app, 'main.ts')], {});
  expect([ran.code, ran.stdout]).toEqual([1, '']);
  expect(ran.stderr).toContain('OPERATOR_NAMESPACE is not set');
  expect(ran.stderr).not.toMatch(/\n\s+at /);
}, 240_000);

test("payment's folder, assembled without an image, migrates and serves with nothing else around it", async () => {
  const app = path.join(work, 'payment');
  const script = path.join(project, 'scripts', 'assemble-image.sh');
  await runProgram('sh', [script, 'all', project, app, 'payment'], { deadlineMs: 180_000 });
  await expectProductionTree(app, 'services/payment');
  const command = [process.execPath, ...serverFlags, path.join(app, 'main.ts')];
  const migrated = await runToEnd([...command, 'migrate'], platform.settings);
  expect([migrated.code, migrated.stderr]).toEqual([0, '']);
  const pod = startPod('payment', platform.settings, command);
  try {
    await untilReady(pod, startMs);
    pod.signal('SIGTERM');
    expect(await pod.ended).toBe(0);
  } finally {
    await pod.stop();
  }
}, 240_000);

test('a service that does not exist is named, with what to give', async () => {
  const script = path.join(project, 'scripts', 'assemble-image.sh');
  const assembled = runProgram('sh', [script, 'all', project, path.join(work, 'none'), 'bookings']);
  await expect(assembled).rejects.toThrow('there is no service "bookings": give --build-arg SERVICE=booking');
}, 60_000);

async function build(target: 'runtime' | 'dev', skip: (note: string) => never): Promise<UnpackedImage> {
  const tools = await requireNodeCluster(skip);
  const tag = `localhost/evently/booking:image-test-${target}`;
  const { archives, tookMs } = await buildNodeImages(tools, [
    { tag, target, buildArguments: { SERVICE: 'booking' } },
  ]);
  const archive = archives.at(-1) ?? '';
  const image = await unpackImage(archive, path.join(work, target));
  await rm(archive);
  say(`booking's image (${target}) was built in ${((tookMs[0] ?? 0) / 1_000).toFixed(1)} s`);
  return image;
}

test('the image of booking: no installer in it, a bounded size, and it serves without rights on a read-only root', async (context) => {
  const image = await build('runtime', (note) => context.skip(note));
  const { config, root } = image;
  expect(config).toMatchObject({
    User: '65532:65532',
    WorkingDir: '/app',
    Entrypoint: ['node', ...serverFlags],
    Cmd: ['main.ts'],
  });
  expect(config.Labels).toMatchObject({ 'org.opencontainers.image.title': 'evently/booking' });
  await expectProductionTree(path.join(root, 'app'), 'services/booking');
  const programs = ['usr/local/bin', 'usr/bin', 'usr/sbin'].map((at) => filesLike(path.join(root, at), /^/));
  const names = new Set((await Promise.all(programs)).flat());
  expect(names.has('node')).toBe(true);
  const installers = ['npm', 'npx', 'corepack', 'yarn', 'pnpm', 'apt', 'apt-get', 'dpkg'];
  expect(installers.filter((name) => names.has(name))).toEqual([]);
  expect(await runProgram('find', [root, '-type', 'f', '-perm', '/6000'])).toBe('');
  const unpackedKiB = Number.parseInt(await runProgram('du', ['-sk', root]), 10);
  const [compressedMiB, unpackedMiB] = [image.compressedBytes / mib, unpackedKiB / 1024];
  say(`booking's image: ${compressedMiB.toFixed(1)} MiB compressed, ${unpackedMiB.toFixed(1)} MiB unpacked`);
  expect(compressedMiB).toBeLessThan(maxCompressedMiB);
  expect(unpackedMiB).toBeLessThan(maxUnpackedMiB);
  const loading = await runToEnd(commandIn(image, ['main.ts', 'config']), {
    ...environmentIn(image),
    NODE_DEBUG_NATIVE: 'COMPILE_CACHE',
  });
  // What was compiled while it was built is taken: our own files, and those of others.
  expect(loading.stderr.match(/was accepted/g)?.length).toBeGreaterThan(fewestCompiled);
  expect(loading.stderr).not.toMatch(/was rejected/);
  const settings = { ...platform.settings, ...environmentIn(image) };
  const migrated = await runToEnd(commandIn(image, ['services/booking/src/main.ts', 'migrate']), settings);
  expect([migrated.code, migrated.stderr]).toEqual([0, '']);
  const writing = 'require("node:fs").writeFileSync("/tmp/x", String(process.getuid()))';
  expect((await runToEnd(commandIn(image, ['-e', writing]), settings)).stderr).toContain('EROFS');
  const pod = startPod('booking', settings, commandIn(image));
  try {
    await untilReady(pod, startMs);
    expect((await stat(`/proc/${pod.pid}`)).uid).toBe(65_532);
    expect((await probe(pod, '/health/started')).status).toBe(200);
    pod.signal('SIGTERM');
    expect(await pod.ended).toBe(0);
  } finally {
    await pod.stop();
  }
}, 600_000);

test('the image for development: files can be copied into it as its user, and Node starts anew when one changes', async (context) => {
  const image = await build('dev', (note) => context.skip(note));
  const { config, root } = image;
  expect(config.User).toBe('65532:65532');
  expect(config.Cmd).toEqual(['--watch', '--watch-preserve-output', 'main.ts']);
  expect(await filesLike(path.join(root, 'usr/bin'), /^tar$/)).toEqual(['tar']);
  const source = path.join(root, 'app/services/booking/src/service.ts');
  expect((await stat(source)).uid).toBe(65_532);
  const pod = startPod('booking', { ...platform.settings, ...environmentIn(image) }, commandIn(image));
  try {
    const opened = (): number => pod.said().match(/the ports are open/g)?.length ?? 0;
    await until('its ports are open', 30_000, () => opened() === 1, pod.said);
    const now = new Date();
    await utimes(source, now, now);
    await until('it has started anew', 30_000, () => opened() === 2, pod.said);
  } finally {
    await pod.stop();
  }
}, 600_000);
