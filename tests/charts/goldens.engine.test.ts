import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { goldenFolder, goldens } from '../../charts/build/goldens.ts';
import { readmes } from '../../charts/build/readmes.ts';
import { chartsFolder } from '../../charts/build/render.ts';
import { helmWorld } from './helm-world.ts';

const world = helmWorld();

/** Files of `expected` that stand otherwise, by name; the whole difference is read with git after `make charts`. */
async function outdated(expected: Readonly<Record<string, string>>): Promise<string[]> {
  const found: string[] = [];
  for (const [at, text] of Object.entries(expected)) {
    const stands = await readFile(path.join(chartsFolder, at), 'utf8').catch(() => null);
    if (stands !== text) found.push(at);
  }
  return found;
}

test('the goldens are what the charts render for three values and three versions: run "make charts"', async () => {
  const rendered = await goldens(world.copy());
  expect(await outdated(rendered)).toEqual([]);
  const committed = await readdir(path.join(chartsFolder, goldenFolder));
  expect(committed.map((file) => `${goldenFolder}/${file}`).toSorted()).toEqual(
    Object.keys(rendered).toSorted(),
  );
  expect(Object.keys(rendered).length).toBe(9);
  expect(await outdated({ [`${goldenFolder}/default-1.36.yaml`]: 'another' })).toHaveLength(1);
});

test('the READMEs are what helm-docs makes: run "make charts"', async () => {
  expect(await outdated(await readmes(world.copy(), world.tools()))).toEqual([]);
});
