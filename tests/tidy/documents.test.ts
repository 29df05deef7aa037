import { existsSync, globSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import {
  anchorOf,
  checkedInvariants,
  listedInvariants,
  linkFaults,
  namedPaths,
  pageOf,
  pathFaults,
  problemCodes,
  problemPageFaults,
} from './document-rules.ts';
import { filesLike, isTest, readText, root, type TextFile } from './tree.ts';

const documents = filesLike(/\.md$/);
const problemPages = filesLike(/^docs\/problems\/.+\.md$/);
const maxReadmeLines = 60;

function exists(at: string): boolean {
  return at.includes('*') ? globSync(at, { cwd: root }).length > 0 : existsSync(path.join(root, at));
}
function page(text: string, at = 'docs/problems/sold-out.md'): TextFile {
  return { path: at, text };
}

test('every relative link leads to a file and a heading', () => {
  expect(documents.flatMap((one) => linkFaults(one, exists, (at) => readText(at).text))).toEqual([]);
  const bad = page('# A b\n[x](nowhere.md) [y](#a-b) [z](#c) [w](https://example.org)', 'docs/x.md');
  expect(
    linkFaults(
      bad,
      (at) => at === 'docs/x.md',
      () => bad.text,
    ),
  ).toHaveLength(2);
  expect(anchorOf('Start, and `stop` it!')).toBe('start-and-stop-it');
});

test('every path that ARCHITECTURE.md names exists', () => {
  const architecture = readText('ARCHITECTURE.md');
  expect(pathFaults(architecture, exists)).toEqual([]);
  expect(namedPaths(architecture.text).length).toBeGreaterThan(20);
  expect(pathFaults(page('`services/cloakroom` and `@evently/kit` and `packages/*/src`'), exists)).toEqual([
    'docs/problems/sold-out.md: `services/cloakroom` does not exist',
  ]);
});

test('every path that the other guides name exists', () => {
  const guides = filesLike(/^(README\.md|CONTRIBUTING\.md|docs\/(invariants\.md|decisions\/.+\.md))$/);
  // They also speak of paths inside any service, such as http/problems.ts.
  const fromRoot = (at: string): boolean => exists(at) || !exists(at.split('/')[0] ?? '');
  expect(guides.flatMap((guide) => pathFaults(guide, fromRoot))).toEqual([]);
});

test('the list of invariants is whole and says truly which of them verify looks at', () => {
  const listed = listedInvariants(readText('docs/invariants.md').text);
  expect([...listed.keys()]).toEqual(Array.from({ length: 51 }, (_, at) => `I${at + 1}`));
  const statements = filesLike(
    /^(services\/[^/]+\/src\/store\/verify[^/]*\.ts|cli\/src\/verify\/verify-platform\.ts)$/,
  );
  const checked = new Set(statements.flatMap((file) => checkedInvariants(file.text)));
  expect([...listed].filter(([, looked]) => looked).map(([number]) => number)).toEqual(
    [...listed.keys()].filter((number) => checked.has(number)),
  );
  expect(checkedInvariants("{ invariant: 'I1, I2', about: 'I3' }")).toEqual(['I1', 'I2']);
  expect(listedInvariants('| I7 | a | b | yes |\n| I8 | a | b |  |\n')).toEqual(
    new Map([
      ['I7', true],
      ['I8', false],
    ]),
  );
});

test('every problem code has a page, and every page a code', () => {
  const program = filesLike(
    /^(packages\/(kit|identity)\/src|services\/[^/]+\/src\/http|standalone\/src)\/.+\.ts$/,
  ).filter((one) => !isTest(one));
  const codes = new Set(program.flatMap((one) => problemCodes(one.text)));
  const pages = new Set(problemPages.map((one) => one.path));
  const expected = new Set([...codes].map(pageOf));
  expect([
    ...[...expected].filter((at) => !pages.has(at)).map((at) => `${at} is missing: a code without a page`),
    ...[...pages].filter((at) => !expected.has(at)).map((at) => `${at} explains a code that nothing answers`),
  ]).toEqual([]);
  expect(
    problemCodes(
      "{ code: 'sold_out' } unavailable('queue_full', x) problem(409, 'limit_reached') { code: 'custom' }",
    ),
  ).toEqual(['sold_out', 'queue_full', 'limit_reached']);
});

test('a problem page says code, status, what to do, and shows a body', () => {
  expect(problemPages.flatMap(problemPageFaults)).toEqual([]);
  expect(problemPageFaults(page('# too_late\nIt is too late.\n')).length).toBeGreaterThan(4);
  const example =
    '{"type": "/docs/problems/sold-out",\n"status": 410,\n"instance": "x",\n"code": "sold_out",\n"error": "x"\n}';
  expect(
    problemPageFaults(page(`# sold_out\n\n**409.** x\n\nWhat to do: y\n\n\`\`\`json\n${example}\n\`\`\`\n`)),
  ).toEqual(['docs/problems/sold-out.md: its example has another status']);
});

test('the README of a service fits on a page', () => {
  const readmes = filesLike(/^services\/[^/]+\/README\.md$/);
  expect(
    readmes.filter((one) => one.text.trimEnd().split('\n').length > maxReadmeLines).map((one) => one.path),
  ).toEqual([]);
  const services = new Set(
    filesLike(/^services\/[^/]+\/package\.json$/).map((one) => path.posix.dirname(one.path)),
  );
  expect([...services].filter((folder) => !exists(`${folder}/README.md`))).toEqual([]);
});
