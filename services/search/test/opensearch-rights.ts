/** What search's user may not do in OpenSearch, and an administrator may. */
import type { Asking } from '@evently/testkit/engines/secured-opensearch';

/** An index of somebody else, and one of search's own; both are there. */
export const foreign = 'orders';
export const foreignAlias = 'all-orders';
export const own = 'evently-events-own';

const anything = { query: { match_all: {} } };

/** In this order an administrator may do all of them; `undo` takes away what would open an index to search's user. */
export const refusedToSearch: readonly [what: string, asking: Asking, undo?: Asking][] = [
  ['to read the settings of the cluster', { method: 'GET', path: '/_cluster/settings' }],
  [
    'to change the settings of the cluster',
    {
      method: 'PUT',
      path: '/_cluster/settings',
      body: { persistent: { 'action.destructive_requires_name': null } },
    },
  ],
  ['to ask how the cluster is', { method: 'GET', path: '/_cluster/health' }],
  ['to list the nodes', { method: 'GET', path: '/_nodes' }],
  ['to list tasks', { method: 'GET', path: '/_tasks' }],
  ['to list all indices', { method: 'GET', path: '/_cat/indices' }],
  ['to move shards', { method: 'POST', path: '/_cluster/reroute', body: { commands: [] } }],
  ["to search in somebody else's index", { method: 'POST', path: `/${foreign}/_search`, body: anything }],
  ['to search everywhere', { method: 'POST', path: '/_search', body: anything }],
  ['to search in all indices by a pattern', { method: 'POST', path: '/*/_search', body: anything }],
  ['to count in two indices at once', { method: 'POST', path: `/${own},${foreign}/_count`, body: anything }],
  ["to read somebody else's document", { method: 'GET', path: `/${foreign}/_doc/1` }],
  [
    "to write somebody else's document",
    { method: 'PUT', path: `/${foreign}/_doc/1`, body: { it: 'is mine' } },
  ],
  ['to make an index of another name', { method: 'PUT', path: '/tickets', body: {} }],
  [
    "to take somebody else's index behind a name of its own",
    aliases({ add: { index: foreign, alias: 'evently-events-taken' } }),
    aliases({ remove: { index: foreign, alias: 'evently-events-taken' } }),
  ],
  ["to take somebody else's name away", aliases({ remove: { index: foreign, alias: foreignAlias } })],
  ["to name somebody else's index", aliases({ add: { index: foreign, alias: foreignAlias } })],
  [
    "to copy somebody else's documents into its own index",
    { method: 'POST', path: '/_reindex', body: { source: { index: foreign }, dest: { index: own } } },
  ],
  ["to change somebody else's fields", { method: 'PUT', path: `/${foreign}/_mapping`, body: {} }],
  ["to drop somebody else's index", { method: 'DELETE', path: '/tickets' }],
  [
    'to make a template',
    {
      method: 'PUT',
      path: '/_index_template/evently-events',
      body: { index_patterns: ['evently-events-*'], template: {} },
    },
  ],
  [
    'to store a script',
    { method: 'PUT', path: '/_scripts/one', body: { script: { lang: 'painless', source: '1' } } },
  ],
  ['to make a pipeline', { method: 'PUT', path: '/_ingest/pipeline/one', body: { processors: [] } }],
  [
    'to name a place for snapshots',
    { method: 'PUT', path: '/_snapshot/copies', body: { type: 'fs', settings: { location: 'copies' } } },
  ],
  ['to take a snapshot', { method: 'PUT', path: '/_snapshot/copies/one?wait_for_completion=true' }],
  ['to list snapshots', { method: 'GET', path: '/_snapshot/copies/_all' }],
  ['to read roles', { method: 'GET', path: '/_plugins/_security/api/roles' }],
  [
    'to give itself another role',
    {
      method: 'PUT',
      path: '/_plugins/_security/api/rolesmapping/manage_snapshots',
      body: { users: ['evently-search'] },
    },
  ],
  [
    'to make a user',
    {
      method: 'PUT',
      path: '/_plugins/_security/api/internalusers/another',
      body: { password: 'a-password-of-the-tests' },
    },
  ],
];

/** The plugin judges the index of such a call, and not the name. */
export const ownUnderForeignAlias = aliases({ add: { index: own, alias: foreignAlias } });
export const ownFromForeignAlias = aliases({ remove: { index: own, alias: foreignAlias } });
export const searchForeignAlias: Asking = {
  method: 'POST',
  path: `/${foreignAlias}/_search`,
  body: anything,
};

function aliases(action: object): Asking {
  return { method: 'POST', path: '/_aliases', body: { actions: [action] } };
}

/** Calls for several indices are answered, part by part: search's own as asked, each other one refused. */
export const partlyRefused: readonly [what: string, asking: Asking][] = [
  [
    'to search',
    { method: 'POST', path: '/_msearch', lines: [{ index: own }, anything, { index: foreign }, anything] },
  ],
  [
    'to read',
    {
      method: 'POST',
      path: '/_mget',
      body: {
        docs: [
          { _index: own, _id: '1' },
          { _index: foreign, _id: '1' },
        ],
      },
    },
  ],
  [
    'to write',
    {
      method: 'POST',
      path: '/_bulk',
      lines: [
        { index: { _index: own, _id: '1' } },
        { its: 'of search' },
        { index: { _index: foreign, _id: '1' } },
        { its: 'of search' },
      ],
    },
  ],
];
