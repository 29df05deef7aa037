/** Builds etcd, Kubernetes' control plane and kwok from Go modules at pinned versions, once, into `.engines`. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { setPriority } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { monotonicMs } from '@evently/kit/clock';
import { kubeToolsFolder, kubeVersions, kwokStages, mayUse } from './kube-tools.ts';

type Say = (sentence: string) => void;
type Build = {
  name: string;
  version: string;
  makes: readonly string[];
  build: (aside: string) => Promise<void>;
};

const moduleOfKube = fileURLToPath(new URL('../../kube-tools', import.meta.url));
const buildDeadlineMs = 3_600_000;
// The build shares the machine with whoever works on it.
const lowestPriority = 19;
const lastOutput = 1_200;
const components = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'] as const;

const builds: readonly Build[] = [
  {
    name: 'etcd',
    version: kubeVersions.etcd,
    makes: ['etcd'],
    build: async (aside) => {
      await buildModule(aside, 'etcd', 'go.etcd.io/etcd/server/v3', kubeVersions.etcd);
    },
  },
  {
    name: 'kwok',
    version: kubeVersions.kwok,
    makes: ['kwok', kwokStages],
    build: async (aside) => {
      const module = await buildModule(aside, 'kwok', 'sigs.k8s.io/kwok/cmd/kwok', kubeVersions.kwok);
      await writeStages(await go(module, ['list', '-m', '-f', '{{.Dir}}', 'sigs.k8s.io/kwok']), aside);
    },
  },
  { name: 'kube', version: kubeVersions.kubernetes, makes: ['kube', ...components], build: buildKube },
];

/** The names that a person may choose from. */
export const kubeToolNames: readonly string[] = builds.map(({ name }) => name);

/**
 * Builds what `.engines` lacks, or only those of `chosen`; what was built before stays. Go checks each module
 * against its checksum database, and Kubernetes' against `kube-tools/go.sum`.
 */
export async function buildKubeTools(say: Say, chosen: readonly string[] = kubeToolNames): Promise<void> {
  await mkdir(kubeToolsFolder, { recursive: true });
  for (const one of builds.filter(({ name }) => chosen.includes(name))) {
    if (await isMade(one)) {
      say(`${one.name} ${one.version} was built before: ${kubeToolsFolder}`);
      continue;
    }
    say(
      `${one.name} ${one.version} is being built${one.name === 'kube' ? '; this takes some 20 minutes' : ''}.`,
    );
    const begun = monotonicMs();
    // Built aside and moved into place, so that two runs at once never meet half a program.
    const aside = await mkdtemp(path.join(path.dirname(kubeToolsFolder), 'making-'));
    try {
      await one.build(aside);
      for (const made of one.makes) await rename(path.join(aside, made), path.join(kubeToolsFolder, made));
    } finally {
      await rm(aside, { recursive: true, force: true });
    }
    say(`${one.name} ${one.version} is built; it took ${Math.round((monotonicMs() - begun) / 1000)} s.`);
  }
}

async function isMade({ makes }: Build): Promise<boolean> {
  for (const made of makes) {
    if (!(await mayUse(path.join(kubeToolsFolder, made)))) return false;
  }
  return true;
}

/**
 * The program of `packageName` at `version`, in a module of its own: "go install" refuses modules that replace
 * others. Returns the module's folder.
 */
async function buildModule(
  aside: string,
  program: string,
  packageName: string,
  version: string,
): Promise<string> {
  const module = path.join(aside, 'module');
  await mkdir(module);
  await go(module, ['mod', 'init', `evently.dev/${program}`]);
  await go(module, ['get', `${packageName}@v${version}`]);
  await go(module, ['build', '-trimpath', '-ldflags=-s -w', '-o', path.join(aside, program), packageName]);
  return module;
}

async function buildKube(aside: string): Promise<void> {
  const module = path.join(aside, 'module');
  await cp(moduleOfKube, module, { recursive: true });
  const [major = '', minor = ''] = kubeVersions.kubernetes.split('.');
  const versions = {
    'k8s.io/component-base/version.gitVersion': `v${kubeVersions.kubernetes}`,
    'k8s.io/component-base/version.gitMajor': major,
    'k8s.io/component-base/version.gitMinor': minor,
    'k8s.io/client-go/pkg/version.gitVersion': `v${kubeVersions.kubernetes}`,
  };
  const stamps = Object.entries(versions).map(([name, value]) => `-X ${name}=${value}`);
  const linking = `-ldflags=-s -w ${stamps.join(' ')}`;
  await go(module, ['build', '-trimpath', linking, '-o', path.join(aside, 'kube'), '.']);
  for (const component of components) await symlink('kube', path.join(aside, component));
}

/** kwok does nothing with nodes and pods unless it is told to; its module has the usual stages as files. */
async function writeStages(moduleFolder: string, aside: string): Promise<void> {
  const texts: string[] = [];
  for (const part of ['node/fast', 'node/heartbeat-with-lease', 'pod/fast']) {
    const folder = path.join(moduleFolder, 'kustomize', 'stage', part);
    const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml'));
    for (const file of files.toSorted()) {
      if (file !== 'kustomization.yaml') texts.push(await readFile(path.join(folder, file), 'utf8'));
    }
  }
  await writeFile(path.join(aside, kwokStages), texts.map((text) => `---\n${text}`).join('\n'));
}

/** Runs Go in `folder` and returns what it prints. */
function go(folder: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'go',
      [...args],
      {
        cwd: folder,
        env: { ...process.env, CGO_ENABLED: '0' },
        timeout: buildDeadlineMs,
        maxBuffer: 64 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout.trim());
        else if (error.code === 'ENOENT')
          reject(new Error('go was not found; install Go (https://go.dev/dl)'));
        else
          reject(
            new Error(
              `go ${args[0] ?? ''} ended with ${error.code ?? error.signal}: ${stderr.slice(-lastOutput)}`,
            ),
          );
      },
    );
    if (child.pid !== undefined) setPriority(child.pid, lowestPriority);
  });
}

async function main(): Promise<void> {
  const chosen = process.argv.slice(2);
  const unknown = chosen.filter((name) => !kubeToolNames.includes(name));
  if (unknown.length > 0) {
    throw new Error(`there is no ${unknown.join(', ')}; choose from ${kubeToolNames.join(', ')}`);
  }
  await buildKubeTools(
    (sentence) => process.stdout.write(`${sentence}\n`),
    chosen.length > 0 ? chosen : undefined,
  );
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    process.stderr.write(`kube-tools: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
