/** Builds Helm, helm-unittest, helm-docs and promtool from Go modules at pinned versions, once, into `.engines`. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { setPriority } from 'node:os';
import path from 'node:path';
import { findHelmTools, helmToolsFolder, helmVersion } from './helm-tools.ts';

type Say = (sentence: string) => void;
type Module = { program: string; packageName: string; version: string; replace?: string };

const buildDeadlineMs = 1_800_000;
// The build shares the machine with whoever works on it.
const lowestPriority = 19;
const lastOutput = 1_200;

const modules: readonly Module[] = [
  { program: 'helm', packageName: 'helm.sh/helm/v4/cmd/helm', version: helmVersion },
  {
    program: 'helm-unittest',
    packageName: 'github.com/helm-unittest/helm-unittest/cmd/helm-unittest',
    version: '1.1.2',
    // As its own go.mod says; a replacement counts in the main module only.
    replace: 'github.com/vmware-labs/yaml-jsonpath=github.com/helm-unittest/yaml-jsonpath@v0.4.0',
  },
  { program: 'helm-docs', packageName: 'github.com/norwoodj/helm-docs/cmd/helm-docs', version: '1.14.2' },
  { program: 'promtool', packageName: 'github.com/prometheus/prometheus/cmd/promtool', version: '0.315.0' },
];

/** Go checks each module against its checksum database. What was built before stays. */
export async function buildHelmTools(say: Say): Promise<void> {
  const search = await findHelmTools();
  if (search.kind === 'found') return say(`Helm and its tools are here: ${search.folder}`);
  await mkdir(path.dirname(helmToolsFolder), { recursive: true });
  // Built aside and moved into place, so that two runs at once never meet half a folder.
  const aside = await mkdtemp(path.join(path.dirname(helmToolsFolder), 'making-'));
  try {
    const made = path.join(aside, 'made');
    for (const one of modules) {
      say(`${one.program} ${one.version} is being built.`);
      await buildModule(aside, made, one);
    }
    await rm(helmToolsFolder, { recursive: true, force: true });
    await rename(made, helmToolsFolder);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function buildModule(aside: string, made: string, module: Module): Promise<void> {
  const folder = path.join(aside, module.program);
  await mkdir(folder, { recursive: true });
  await go(folder, ['mod', 'init', `tools.local/${module.program}`]);
  if (module.replace !== undefined) await go(folder, ['mod', 'edit', '-replace', module.replace]);
  await go(folder, ['get', `${module.packageName}@v${module.version}`]);
  await go(folder, [
    'build',
    '-trimpath',
    '-ldflags=-s -w',
    '-o',
    path.join(made, module.program),
    module.packageName,
  ]);
}

function go(cwd: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'go',
      [...args],
      { cwd, env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod' }, timeout: buildDeadlineMs },
      (error, _stdout, stderr) => {
        if (error === null) resolve();
        else if (error.code === 'ENOENT')
          reject(new Error('go was not found; install Go (https://go.dev/dl)'));
        else reject(new Error(`go ${args.join(' ')} failed: ${stderr.slice(-lastOutput)}`));
      },
    );
    if (child.pid !== undefined) setPriority(child.pid, lowestPriority);
  });
}

if (import.meta.main) await buildHelmTools((sentence) => void process.stdout.write(`${sentence}\n`));
