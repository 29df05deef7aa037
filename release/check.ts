/** Whether this tree may become a release: every version in it is the same one, and what it says to databases is kept. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifestSchema = z.looseObject({
  version: z.string().optional(),
  dependencies: z.record(z.string(), z.string()).default({}),
});
const chartSchema = z.looseObject({
  version: z.string(),
  appVersion: z.string().optional(),
  dependencies: z
    .array(z.looseObject({ name: z.string(), version: z.string(), repository: z.string().default('') }))
    .default([]),
});

/** A sentence for each thing in the tree at `folder` that is not of `version`. */
export function releaseFaults(version: string, folder: string = root): string[] {
  if (!/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version)) return [`"${version}" is no version like 1.2.3`];
  const manifests = ['package.json', ...globSync('{packages,services}/*/package.json', { cwd: folder })];
  const others = globSync('{standalone,cli,operator,bench,load}/package.json', { cwd: folder });
  const charts = globSync('charts/*/Chart.yaml', { cwd: folder });
  const conversation = `services/booking/test/conversations/${version}.json`;
  return [
    ...[...manifests, ...others].flatMap((at) => manifestFaults(version, at, read(folder, at))),
    ...charts.flatMap((at) => chartFaults(version, at, read(folder, at))),
    ...(existsSync(path.join(folder, conversation))
      ? []
      : [`${conversation} is missing: run "make conversation" and commit what it writes`]),
  ];
}

function read(folder: string, at: string): string {
  return readFileSync(path.join(folder, at), 'utf8');
}

function manifestFaults(version: string, at: string, text: string): string[] {
  const manifest = manifestSchema.parse(JSON.parse(text));
  const own = Object.entries(manifest.dependencies).filter(([name]) => name.startsWith('@evently/'));
  return [
    ...(manifest.version === version
      ? []
      : [`${at} is of version ${manifest.version ?? 'none'}, not ${version}`]),
    ...own
      .filter(([, wanted]) => wanted !== version)
      .map(([name, wanted]) => `${at} wants ${name} ${wanted}, not ${version}`),
  ];
}

function chartFaults(version: string, at: string, text: string): string[] {
  const chart = chartSchema.parse(parse(text));
  return [
    ...(chart.version === version ? [] : [`${at} is of version ${chart.version}, not ${version}`]),
    ...((chart.appVersion ?? version) === version
      ? []
      : [`${at} installs ${chart.appVersion}, not ${version}`]),
    ...chart.dependencies
      .filter((one) => one.repository.startsWith('file:') && one.version !== version)
      .map((one) => `${at} wants ${one.name} ${one.version}, not ${version}`),
  ];
}

if (import.meta.main) {
  const faults = releaseFaults(process.argv[2] ?? '');
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
}
