import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

const file = new URL('../../../charts/evently/files/opensearch-role.yml', import.meta.url);

/** The items of one list of the file. */
function listOf(text: string, name: string): string[] {
  const [, after = ''] = text.split(`${name}:\n`);
  const items: string[] = [];
  for (const line of after.split('\n')) {
    const item = /^\s*- (\S+)$/.exec(line)?.[1];
    if (item === undefined) break;
    items.push(item);
  }
  return items;
}

test("the role has no right to the cluster, and to no other's index", async () => {
  const text = await readFile(file, 'utf8');
  expect(listOf(text, 'cluster_permissions')).toEqual([
    'indices:data/read/mget',
    'indices:data/read/msearch',
    'indices:data/write/bulk',
  ]);
  expect(listOf(text, 'index_patterns')).toEqual(['evently-events', 'evently-events-*']);
  const actions = listOf(text, 'allowed_actions');
  expect(actions.length).toBeGreaterThan(5);
  expect(actions.filter((action) => !action.startsWith('indices:') || action === 'indices:*')).toEqual([]);
  expect(text).not.toMatch(/cluster:|all_access|cluster_all|- ['"]?\*['"]?$/m);
});
