import { statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { neighbourFaults, targetFaults, targetsOf } from './house-rules.ts';
import { files, filesLike, readText, root } from './tree.ts';

const ownerMayRun = 0o100;
const makefiles = `${readText('Makefile').text}${readText('ci.mk').text}`;
const targets = targetsOf(makefiles);

test('every target of the Makefile says what it does, and documents name only targets that exist', () => {
  expect([...targets].filter(([, about]) => about === '').map(([name]) => name)).toEqual([]);
  const names = new Set(targets.keys());
  expect(filesLike(/\.md$/).flatMap((file) => targetFaults(file, names))).toEqual([]);
  expect(targetsOf('a: b ## does a\nc:\nd := e\n')).toEqual(
    new Map([
      ['a', 'does a'],
      ['c', ''],
    ]),
  );
  expect(
    targetFaults({ path: 'x.md', text: 'Type `make a` or `X=1 make z`, and make sure.' }, new Set(['a'])),
  ).toEqual(['x.md: there is no "make z"']);
});

test('only .ci/run knows what lies beside the project', () => {
  expect(files.flatMap(neighbourFaults)).toEqual([]);
  const text = ['cat ..', 'shared', 'x'].join('/');
  expect(neighbourFaults({ path: 'Makefile', text })).toHaveLength(1);
  expect(neighbourFaults({ path: '.ci/run', text })).toEqual([]);
});

test('what a person starts by name can be started', () => {
  const scripts = ['.ci/run', 'examples/success.sh', 'examples/failures.sh', 'cli/bin/evently.js'];
  expect(scripts.filter((at) => (statSync(path.join(root, at)).mode & ownerMayRun) === 0)).toEqual([]);
});
