import { expect, test } from 'vitest';
import { parseCommits, writeNotes } from './notes.ts';

const commit = (subject: string, body = '') => ({ hash: '0123456789abcdef', subject, body });

test('commits stand under their area, those that every operator reads first, and updates are one line', () => {
  const notes = writeNotes('1.2.0', 'v1.1.0', [
    commit('cli: print the seed'),
    commit('booking: sell faster'),
    commit('docs, bench: five runs'),
    commit('deps: update hono'),
    commit('deps: update pg'),
    commit('A subject without an area'),
  ]);
  const headings = [...notes.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual(['booking', 'cli', 'docs', 'other', 'deps', 'Verify what you install']);
  expect(notes).toContain('Changes since v1.1.0.');
  expect(notes).toContain('- sell faster (0123456)');
  expect(notes).toContain('- 2 updates of dependencies');
});

test('what an upgrade asks of its reader stands at the top', () => {
  const notes = writeNotes('1.2.0', null, [
    commit('charts: new key', 'Why.\n\nUpgrade: add the key `url` to the Secret evently-redis.\n'),
  ]);
  expect(notes.indexOf('add the key `url`')).toBeGreaterThan(0);
  expect(notes.indexOf('add the key `url`')).toBeLessThan(notes.indexOf('## charts'));
});

test("git's output is read commit by commit, bodies of several lines included", () => {
  const text = 'a1\u001fbooking: one\u001fwhy\n\nhow\n\u001e\nb2\u001fuser: two\u001f\u001e\n';
  expect(parseCommits(text)).toEqual([
    { hash: 'a1', subject: 'booking: one', body: 'why\n\nhow' },
    { hash: 'b2', subject: 'user: two', body: '' },
  ]);
});
