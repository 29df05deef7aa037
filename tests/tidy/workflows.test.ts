import { expect, test } from 'vitest';
import { z } from 'zod';
import { targetsOf } from './house-rules.ts';
import { filesLike, readText, type TextFile } from './tree.ts';
import { callFaults, makeCalls, workflowFaults } from './workflow-rules.ts';

const workflows = filesLike(/^\.github\/workflows\/.+\.ya?ml$/);
const pipelines = [...workflows, readText('Jenkinsfile')];
const targets = new Set(targetsOf(`${readText('Makefile').text}${readText('ci.mk').text}`).keys());

const workflow = (text: string): TextFile => ({ path: 'w.yml', text });

test('every action has an exact version, every job its rights and an end', () => {
  expect(workflows.flatMap(workflowFaults)).toEqual([]);
});

test('a moving version, missing rights, a missing end and a token left behind are found', () => {
  const good = workflow(`
on: push
permissions: {}
concurrency: one
jobs:
  a:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    permissions: { contents: read }
    steps:
      - uses: actions/checkout@v7.0.1
        with: { persist-credentials: false }
      - uses: ./.github/actions/own
`);
  expect(workflowFaults(good)).toEqual([]);
  const alter = (from: string, to: string): string[] => workflowFaults(workflow(good.text.replace(from, to)));
  for (const moving of ['@v7', '@main', '@v7.0', '@0123456'])
    expect(alter('@v7.0.1', moving)).toEqual([expect.stringContaining('no exact version')]);
  expect(alter('@v7.0.1', `@${'0a'.repeat(20)}`)).toEqual([]);
  expect(alter('    permissions: { contents: read }\n', '')).toHaveLength(1);
  expect(alter('{ contents: read }', 'write-all')).toHaveLength(1);
  expect(alter('permissions: {}', 'permissions: { contents: write }')).toHaveLength(1);
  expect(alter('    timeout-minutes: 5\n', '')).toHaveLength(1);
  expect(alter('timeout-minutes: 5', 'timeout-minutes: 360')).toHaveLength(1);
  expect(alter('ubuntu-24.04', 'ubuntu-latest')).toHaveLength(1);
  expect(alter('{ persist-credentials: false }', '{ fetch-depth: 0 }')).toHaveLength(1);
  expect(alter('concurrency: one\n', '')).toHaveLength(1);
  expect(alter('on: push', 'on: pull_request_target')).toHaveLength(1);
  const secret = (trigger: string, when = ''): string[] =>
    workflowFaults(
      workflow(
        `${good.text}      - run: x\n${when}        env: { T: '\${{ secrets.T }}' }\n`.replace(
          'on: push',
          trigger,
        ),
      ),
    );
  const guard = '        if: github.event.pull_request.head.repo.full_name == github.repository\n';
  expect([secret('on: push'), secret('on: [push, pull_request]', guard)]).toEqual([[], []]);
  expect(secret('on: [push, pull_request]')).toHaveLength(1);
});

test('every make target that CI calls exists, and CI calls what people call', () => {
  expect(pipelines.flatMap((file) => callFaults(file, targets))).toEqual([]);
  for (const pipeline of ['.github/workflows/check.yml', 'Jenkinsfile'])
    expect(makeCalls(readText(pipeline)).map(({ target }) => target)).toEqual(
      expect.arrayContaining(['check', 'coverage']),
    );
  const bad = workflow(
    'run: make chekc REPORT=x\n# make nothing\n- sh "make --silent VERSION="1" relase-notes"',
  );
  expect(callFaults(bad, targets)).toEqual([
    'w.yml:1: there is no "make chekc"',
    'w.yml:3: there is no "make relase-notes"',
  ]);
});

test('each workflow publishes what its tests found, and Jenkins their coverage', () => {
  const jenkins = readText('Jenkinsfile').text;
  expect(jenkins).toContain("junit testResults: 'reports/*.xml'");
  expect(jenkins).toContain("pattern: 'coverage/cobertura-coverage.xml'");
  expect(readText('sonar-project.properties').text).toContain('lcov.reportPaths=coverage/lcov.info');
  expect((jenkins.match(/[{([]/g) ?? []).length).toBe((jenkins.match(/[})\]]/g) ?? []).length);
});

test('images that are built, scanned and deployed are the same ones', () => {
  const images = /^IMAGES := (.+)$/m.exec(readText('ci.mk').text)?.[1]?.split(' ') ?? [];
  expect(images.length).toBeGreaterThan(4);
  for (const at of ['images', 'security'].map((name) => `.github/workflows/${name}.yml`))
    expect(readText(at).text).toContain(`service: [${images.join(', ')}]`);
  for (const at of ['.github/workflows/deploy.yml', 'Jenkinsfile'])
    expect(readText(at).text).toContain(images.join(' '));
});

const renovateSchema = z.looseObject({
  extends: z.array(z.string()),
  minimumReleaseAge: z.string(),
  customManagers: z.array(
    z.looseObject({ managerFilePatterns: z.array(z.string()), matchStrings: z.array(z.string()) }),
  ),
});

test('Renovate pins digests, lets releases age, and reads the versions that stand in code', () => {
  const renovate = renovateSchema.parse(JSON.parse(readText('renovate.json').text));
  expect(renovate.extends).toEqual(
    expect.arrayContaining(['docker:pinDigests', 'helpers:pinGitHubActionDigests']),
  );
  expect(renovate.minimumReleaseAge).toMatch(/^\d+ days$/);
  const pattern = new RegExp(renovate.customManagers[0]?.matchStrings[0] ?? '', 'g');
  const read = (at: string): unknown[] =>
    [...readText(at).text.matchAll(pattern)].map((match) => ({ ...match.groups }));
  expect(read('packages/testkit/src/engines/actionlint.ts')).toEqual([
    { datasource: 'go', depName: 'github.com/rhysd/actionlint', currentValue: '1.7.12' },
  ]);
  expect(read('.github/workflows/deploy.yml')).toEqual([
    { datasource: 'github-releases', depName: 'helm/helm', currentValue: 'v4.3.1' },
  ]);
});
