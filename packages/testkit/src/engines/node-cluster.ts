/** A real single-node Kubernetes for tests: containerd, kubelet and real pods on this machine; Linux and root only. */
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monotonicMs, pause } from '@evently/kit/clock';
import { isContinuousIntegration } from './engine.ts';
import { mayUse } from './kube-tools.ts';
import { runProgram, type RunOptions } from './run-program.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** `scripts` holds kube-up and its like, `programs` the programs of Kubernetes. */
export type NodeClusterTools = { scripts: string; programs: string };
export type NodeClusterSearch = ({ kind: 'found' } & NodeClusterTools) | { kind: 'missing'; reason: string };

export type NodeClusterOptions = {
  /** OCI archives that the node has from its start; the sandbox image is among them. */
  archives: readonly string[];
  /** Settings of kube-up, such as KUBE_HPA_SYNC. */
  settings?: Readonly<Record<string, string>>;
};

export type NodeCluster = {
  /** Of the node, on the bridge of the pods: what listens there can be reached from pods. */
  address: string;
  kubeconfig: string;
  /** From the call until the node was Ready. */
  startedInMs: number;
  kubectl: (args: readonly string[], options?: RunOptions) => Promise<string>;
  helm: (args: readonly string[], options?: RunOptions) => Promise<string>;
  /** SIGKILL to the first process of a container, by its id as the pod's status has it. */
  killContainer: (containerId: string) => Promise<void>;
  /** Imports an archive into the running node. */
  load: (archive: string) => Promise<void>;
  stop: () => Promise<void>;
};

export const podNetwork = '10.244.0.0/24';
const nodeAddress = '10.244.0.1';
const bridge = '/sys/class/net/kube0';
const variable = 'EVENTLY_KUBE_TOOLS';
const scripts = ['kube-bin', 'kube-up', 'kube-down', 'image-build', 'image-load'] as const;
/** The programs of the system that it takes, and Debian's packages that bring them. */
const systemPrograms: Readonly<Record<string, string>> = {
  runc: 'runc',
  conntrack: 'conntrack',
  iptables: 'iptables',
  ipset: 'ipset',
  ip: 'iproute2',
  buildah: 'buildah',
  debootstrap: 'debootstrap',
  gcc: 'gcc',
};
const networkPlugin = '/usr/lib/cni/bridge';
const systemFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
// The first answer may unpack an archive.
const answerMs = 120_000;
const upMs = 180_000;
/** How long the node of another run is waited for. */
const othersMs = 240_000;
const lookMs = 1_000;
const downMs = 90_000;

/** Looks without changing anything; `also` are further programs that a test takes, with their Debian packages. */
export async function findNodeCluster(
  also: Readonly<Record<string, string>> = {},
  env: Environment = process.env,
): Promise<NodeClusterSearch> {
  const missing = (reason: string): NodeClusterSearch => ({ kind: 'missing', reason });
  if (process.platform !== 'linux') return missing('a real node runs on Linux only');
  if (process.getuid?.() !== 0) return missing('a real node needs root: run the tests as root');
  const folder = env[variable] ?? '';
  const lacking: string[] = [];
  for (const script of scripts)
    if (folder === '' || !(await mayUse(path.join(folder, script), constants.X_OK))) lacking.push(script);
  if (lacking.length > 0) {
    return missing(
      `${variable} must name a folder with ${scripts.join(', ')}; ${folder === '' ? 'it is not set' : `${folder} has no ${lacking.join(', ')}`}`,
    );
  }
  const packages = new Set<string>();
  for (const [program, brings] of Object.entries({ ...systemPrograms, ...also }))
    if (!(await isInstalled(program))) packages.add(brings);
  if (!(await mayUse(networkPlugin, constants.X_OK))) packages.add('containernetworking-plugins');
  if (packages.size > 0)
    return missing(`a real node needs Debian's packages: apt-get install ${[...packages].join(' ')}`);
  const programs = (await runProgram(path.join(folder, 'kube-bin'), [], { deadlineMs: answerMs })).trim();
  return { kind: 'found', scripts: folder, programs };
}

/** As `requireKubeTools`: skipped with the reason where something is missing, a failure where `CI` is set. */
export async function requireNodeCluster(
  skip: (note: string) => never,
  also: Readonly<Record<string, string>> = {},
  env: Environment = process.env,
): Promise<NodeClusterTools> {
  const search = await findNodeCluster(also, env);
  if (search.kind === 'found') return search;
  if (isContinuousIntegration(env)) throw new Error(search.reason);
  return skip(search.reason);
}

async function isInstalled(program: string): Promise<boolean> {
  for (const folder of systemFolders)
    if (await mayUse(path.join(folder, program), constants.X_OK)) return true;
  return false;
}

/**
 * Starts the one that a machine can have: its network has fixed addresses. It ends with `stop`, or with this process
 * in whatever way that ends.
 */
export async function startNodeCluster(
  tools: NodeClusterTools,
  options: NodeClusterOptions,
): Promise<NodeCluster> {
  const givesUpAtMs = monotonicMs() + othersMs;
  while (await mayUse(bridge)) {
    if (monotonicMs() > givesUpAtMs) {
      throw new Error(
        'Another node runs on this machine (there is a bridge kube0). Wait for its end, or end it: KUBE_STATE=<its folder> kube-down --purge',
      );
    }
    await pause(lookMs);
  }
  const begun = monotonicMs();
  const folder = await mkdtemp(path.join(tmpdir(), 'evently-node-'));
  const state = path.join(folder, 'state');
  const images = path.join(state, 'images');
  await mkdir(images, { recursive: true });
  for (const archive of options.archives) await symlink(archive, path.join(images, path.basename(archive)));
  const env = { ...process.env, ...options.settings, KUBE_STATE: state, KUBE_IMAGES: images };
  const guard = await startGuard(tools.scripts, folder, env);
  try {
    await runProgram(path.join(tools.scripts, 'kube-up'), ['node'], { env, deadlineMs: upMs });
  } catch (error) {
    await guard.end();
    throw error;
  }
  const kubeconfig = path.join(state, 'admin.kubeconfig');
  const tool =
    (name: string) =>
    (args: readonly string[], given: RunOptions = {}): Promise<string> =>
      runProgram(path.join(tools.programs, name), args, {
        ...given,
        env: { ...process.env, KUBECONFIG: kubeconfig, HELM_CACHE_HOME: state, ...given.env },
      });
  const ctr = path.join(tools.programs, 'ctr');
  const socket = path.join(state, 'run', 'containerd.sock');
  return {
    address: nodeAddress,
    kubeconfig,
    startedInMs: Math.round(monotonicMs() - begun),
    kubectl: tool('kubectl'),
    helm: tool('helm'),
    killContainer: async (containerId) => {
      const task = containerId.replace(/^containerd:\/\//, '');
      await runProgram(ctr, ['-a', socket, '-n', 'k8s.io', 'tasks', 'kill', '-s', 'KILL', task]);
    },
    load: async (archive) => {
      await runProgram(path.join(tools.scripts, 'image-load'), [archive], { env, deadlineMs: answerMs });
    },
    stop: guard.end,
  };
}

type Guard = { end: () => Promise<void> };

/**
 * A shell waits at the other end of a pipe and takes everything down when it closes: by `end`, or because this process
 * has ended. What it says lies beside the state until all is gone.
 */
async function startGuard(from: string, folder: string, env: Environment): Promise<Guard> {
  const says = path.join(folder, 'down.log');
  const log = await open(says, 'a', 0o600);
  const child = spawn(
    'sh',
    ['-c', 'cat >/dev/null; "$1/kube-down" --purge && rm -rf "$2"', 'guard', from, folder],
    {
      detached: true,
      stdio: ['pipe', log.fd, log.fd],
      env,
    },
  );
  await log.close();
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('exit', resolve);
  });
  // Not waited for by a process that has nothing else to do; `end` waits.
  child.unref();
  const { stdin } = child;
  if (stdin === null) throw new Error('the guard of the node has no pipe');
  stdin.on('error', () => undefined);
  return {
    end: async () => {
      child.ref();
      stdin.end();
      const late = AbortSignal.timeout(downMs);
      const code = await Promise.race([
        ended,
        new Promise<'late'>((resolve) => late.addEventListener('abort', () => resolve('late'))),
      ]);
      if (code === 0) return;
      throw new Error(`the node was not taken down (${code}): ${await readFile(says, 'utf8').catch(String)}`);
    },
  };
}
