import { expect, test } from 'vitest';
import { cutStatements } from './sql-statements.ts';

test.each([
  ['select 1;', ['select 1'], ''],
  ['select 1; select 2;\n', ['select 1', 'select 2'], ''],
  ['select 1', [], 'select 1'],
  [';;', [], ''],
  ["select ';', 'it''s;';", ["select ';', 'it''s;'"], ''],
  ['select 1 as "a;b""c;";', ['select 1 as "a;b""c;"'], ''],
  ['select $$;$$, $of$ $$; $of$;', ['select $$;$$, $of$ $$; $of$'], ''],
  ['select 1 -- one; not two\n;', ['select 1 -- one; not two'], ''],
  ['select /* ; */ 1;', ['select /* ; */ 1'], ''],
  ['select 5 / 2; select 1 - 1;', ['select 5 / 2', 'select 1 - 1'], ''],
])('%j is cut into %j', (typed, statements, rest) => {
  expect(cutStatements(typed)).toEqual({ statements, rest });
});

test.each([
  ["select 'not closed; ", "select 'not closed; "],
  ['select "not closed;', 'select "not closed;'],
  ['do $body$ begin; end', 'do $body$ begin; end'],
  ['select 1; /* begun; ', '/* begun; '],
])('%j waits for its end', (typed, rest) => {
  expect(cutStatements(typed).rest).toBe(rest);
});

test('a long text takes no more than its length in steps', () => {
  const begun = performance.now();
  expect(cutStatements(`select '${'x;'.repeat(200_000)}'; `).statements).toHaveLength(1);
  expect(cutStatements(`select '${'x;'.repeat(200_000)} `).statements).toEqual([]);
  expect(performance.now() - begun).toBeLessThan(20_000);
});
