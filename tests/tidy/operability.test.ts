import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { environmentFaults, settingFaults, type SettingWords } from './operability-rules.ts';
import { filesLike, isTest, root, type TextFile } from './tree.ts';

const program = filesLike(/^(packages\/(?!testkit)|services\/|standalone\/).*\.ts$/).filter(
  (file) => !isTest(file),
);

function written(text: string): TextFile {
  return { path: 'services/x/src/metrics.ts', text };
}

function isSetting(value: unknown): value is { about: string } {
  return typeof value === 'object' && value !== null && 'about' in value && typeof value.about === 'string';
}

async function describedIn(at: string): Promise<SettingWords[]> {
  const exported: Record<string, unknown> = await import(pathToFileURL(path.join(root, at)).href);
  return Object.entries(exported)
    .filter(([name]) => name.endsWith('Settings'))
    .flatMap(([, settings]) =>
      typeof settings === 'object' && settings !== null ? Object.entries(settings) : [],
    )
    .flatMap(([name, value]) => (isSetting(value) ? [{ name, about: value.about }] : []));
}

test('every setting is named in capitals and says what it is for', async () => {
  const homes = program.filter(
    (one) => one.text.includes('setting(') && !one.path.endsWith('kit/src/config.ts'),
  );
  const described = await Promise.all(homes.map((one) => describedIn(one.path)));
  expect(homes.filter((_, index) => described[index]?.length === 0).map((one) => one.path)).toEqual([]);
  expect(settingFaults(described.flat())).toEqual([]);
  expect(settingFaults([{ name: 'userPort', about: 'Port' }])).toHaveLength(2);
});

test('only the wiring reads the environment', () => {
  expect(
    program
      .filter((one) => !/(main|stop[\w-]*|reset[\w-]*)\.ts$|^packages\/postgres\//.test(one.path))
      .flatMap(environmentFaults),
  ).toEqual([]);
  expect(environmentFaults(written("const port = process.env['PORT'];"))).toHaveLength(1);
});
