import { expect, test } from 'vitest';
import {
  clockFaults,
  dueFaults,
  escapeFaults,
  machineFaults,
  nameFaults,
  narrowedTestFaults,
  openingFaults,
  quantile,
  schemaFaults,
  shapeFaults,
  sizeFaults,
  sqlFaults,
  unfinishedFaults,
} from './source-rules.ts';
import { codeOnly, files, filesLike, isTest, type Fault, type TextFile } from './tree.ts';

const sources = filesLike(/\.ts$/);
const program = sources.filter((file) => !isTest(file));
const written = files.filter((file) => file.path !== 'package-lock.json');

function source(text: string, path = 'services/x/src/actions/do-it.ts'): TextFile {
  return { path, text };
}
function allFaults(among: readonly TextFile[], check: (one: TextFile) => Fault[]): Fault[] {
  return among.flatMap(check);
}

test('every source opens with a sentence that says what it is for', () => {
  expect(allFaults(program, openingFaults)).toEqual([]);
  expect(openingFaults(source("import x from 'y';\n"))).toHaveLength(1);
  expect(openingFaults(source('/** things */\n'))).toHaveLength(1);
  expect(openingFaults(source('/** Counts coats:\n * each once. */\n'))).toEqual([]);
});

test('files stay short: 400 lines at most, 300 for nine in ten, 120 at the median', () => {
  expect(sizeFaults(program)).toEqual([]);
  expect(sizeFaults([source('a\n'.repeat(401))])).toHaveLength(3);
  expect(quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 100], 0.9)).toBe(9);
  expect(quantile([], 0.5)).toBe(0);
});

test('there is no index.ts, export *, enum or namespace', () => {
  expect(allFaults(sources, shapeFaults)).toEqual([]);
  const bad = "export * from './x.ts';\nexport enum A { B }\nnamespace C {}\n";
  expect(shapeFaults(source(bad, 'packages/x/src/index.ts'))).toHaveLength(4);
  expect(shapeFaults(source('/** An enum of\n * namespace x. */'))).toEqual([]);
});

test('nothing speaks of unfinished work', () => {
  const exempt = new Set(['tests/tidy/sources.test.ts', 'tests/tidy/source-rules.ts']);
  expect(
    allFaults(
      written.filter((one) => !exempt.has(one.path)),
      unfinishedFaults,
    ),
  ).toEqual([]);
  expect(unfinishedFaults(source('// TODO: later'))).toHaveLength(1);
  expect(unfinishedFaults(source('// Fine for now, a stub.'))).toHaveLength(2);
  expect(unfinishedFaults(source('<input placeholder="city">'))).toEqual([]);
});

test('no test is switched off and no run is narrowed', () => {
  expect(allFaults(sources.filter(isTest), narrowedTestFaults)).toEqual([]);
  expect(
    narrowedTestFaults(source('test.only("a", f); describe.concurrent.skip("b", f); xit("c", f)')),
  ).toHaveLength(3);
});

test('no comment escapes the compiler or the linter', () => {
  const exempt = new Set(['tests/tidy/sources.test.ts', 'tests/tidy/source-rules.ts']);
  expect(
    allFaults(
      sources.filter((one) => !exempt.has(one.path)),
      escapeFaults,
    ),
  ).toEqual([]);
  expect(escapeFaults(source('// @ts-expect-error\n/* eslint-disable */'))).toHaveLength(2);
});

test('nothing names a folder of one machine or the address of a registry', () => {
  const exempt = new Set(['tests/tidy/sources.test.ts']);
  expect(
    allFaults(
      files.filter((one) => !exempt.has(one.path)),
      machineFaults,
    ),
  ).toEqual([]);
  expect(
    machineFaults(source('cd /home/anna/evently && npm i --registry https://registry.npmjs.org')),
  ).toHaveLength(2);
});

test('names say something', () => {
  expect(allFaults(sources, nameFaults)).toEqual([]);
  const bad = 'const saleManager = 1; type UserInfo = {}; function formatUtils() {} const data = 2;';
  expect(nameFaults(source(bad))).toHaveLength(4);
  expect(nameFaults(source('', 'cli/src/string-helpers.ts'))).toHaveLength(1);
  expect(
    nameFaults(
      source("const dataFolder = 'data'; const information = 1; const statusFieldManager = 'evently';"),
    ),
  ).toEqual([]);
});

test('only adapters read the clock', () => {
  expect(allFaults(program, clockFaults)).toEqual([]);
  expect(clockFaults(source('const at = new Date();'))).toHaveLength(1);
  expect(clockFaults(source('const at = new Date(nowMs); // not new Date()'))).toEqual([]);
});

test('SQL stands in store, in lower case, with its columns listed', () => {
  expect(allFaults(program, sqlFaults)).toEqual([]);
  expect(sqlFaults(source('db.query(`select id from events`)'))).toHaveLength(1);
  expect(sqlFaults(source("db.query('SELECT * FROM x')", 'services/x/src/store/x.ts'))).toHaveLength(1);
  expect(sqlFaults(source('db.query(`select * from x`)', 'services/x/src/store/x.ts'))).toHaveLength(1);
  expect(sqlFaults(source("db.query('select id from x')", 'services/x/src/store/x.ts'))).toEqual([]);
});

test('what is due is found by its index', () => {
  expect(allFaults(program, dueFaults)).toEqual([]);
  const due = 'where expires_at <= clock_timestamp() order by expires_at';
  expect(dueFaults(source(due, 'services/x/src/store/due.ts'))).toHaveLength(1);
  expect(dueFaults(source(due.replace('clock_', 'statement_'), 'services/x/src/store/due.ts'))).toEqual([]);
});

test('schemas stand at the edges', () => {
  expect(allFaults(program, schemaFaults)).toEqual([]);
  expect(schemaFaults(source("import { z } from 'zod';"))).toHaveLength(1);
  expect(schemaFaults(source("import { z } from 'zod';", 'services/x/src/http/coats.ts'))).toEqual([]);
});

test('the checks read code, not comments and strings', () => {
  expect(codeOnly("a /* b\nc */ 'd' `e` // f\ng").replaceAll(/ +/g, ' ')).toBe('a \n \ng');
});
