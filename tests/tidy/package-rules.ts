/** What package.json files and the lock file must keep: exact versions, known reasons, no address, few scripts. */
import { z } from 'zod';
import type { Fault, TextFile } from './tree.ts';

const versions = z.record(z.string(), z.string()).default({});
const manifestSchema = z.looseObject({
  name: z.string(),
  license: z.string().optional(),
  dependencies: versions,
  devDependencies: versions,
  optionalDependencies: versions,
  allowScripts: z.record(z.string(), z.boolean()).default({}),
});
const lockSchema = z.looseObject({
  packages: z.record(
    z.string(),
    z.looseObject({ resolved: z.string().optional(), hasInstallScript: z.boolean().optional() }),
  ),
});

export type Manifest = z.output<typeof manifestSchema>;

export function parseManifest(file: TextFile): Manifest {
  return manifestSchema.parse(JSON.parse(file.text));
}

function dependenciesOf(manifest: Manifest): [string, string][] {
  return Object.entries({
    ...manifest.dependencies,
    ...manifest.devDependencies,
    ...manifest.optionalDependencies,
  });
}

const exact = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;

/** A version is one version: what was tested is what is installed. */
export function versionFaults(manifest: Manifest): Fault[] {
  const loose = dependenciesOf(manifest).filter(([, version]) => !exact.test(version));
  return [
    ...loose.map(([name, version]) => `${manifest.name}: ${name} is "${version}", not one exact version`),
    ...(manifest.license === 'Apache-2.0' ? [] : [`${manifest.name}: does not state the licence Apache-2.0`]),
  ];
}

/** Dependencies without a line `| name | reason |` in the list of reasons, and lines without a dependency. */
export function reasonFaults(manifests: readonly Manifest[], reasons: string): Fault[] {
  const used = new Set(
    manifests
      .flatMap((manifest) => dependenciesOf(manifest).map(([name]) => name))
      .filter((name) => !manifests.some((manifest) => manifest.name === name)),
  );
  const explained = new Set([...reasons.matchAll(/^\| `([^`]+)` +\| \S/gm)].map((match) => match[1] ?? ''));
  return [
    ...[...used]
      .filter((name) => !explained.has(name))
      .map((name) => `${name}: docs/decisions/dependencies.md gives no reason for it`),
    ...[...explained]
      .filter((name) => !used.has(name))
      .map((name) => `docs/decisions/dependencies.md: ${name} is no dependency`),
  ];
}

/** The lock file names no download address, and only allowed packages have install scripts. */
export function lockFaults(lock: TextFile, allowed: Readonly<Record<string, boolean>>): Fault[] {
  const { packages } = lockSchema.parse(JSON.parse(lock.text));
  const scripted = new Set(
    Object.entries(packages)
      .filter(([, entry]) => entry.hasInstallScript === true)
      .map(([at]) => at.slice(at.lastIndexOf('node_modules/') + 'node_modules/'.length)),
  );
  const granted = new Set(Object.keys(allowed).filter((name) => allowed[name] === true));
  return [
    ...Object.entries(packages)
      .filter(([, entry]) => /^https?:/.test(entry.resolved ?? ''))
      .map(([at]) => `${lock.path}: ${at} names a download address`),
    ...[...scripted]
      .filter((name) => !granted.has(name))
      .map((name) => `${name}: has an install script that allowScripts does not name`),
    ...[...granted]
      .filter((name) => !scripted.has(name))
      .map((name) => `allowScripts names ${name}, which has no install script`),
  ];
}
