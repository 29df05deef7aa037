/** The values that only the chart of search has: what answers searches. */
import { group, leaf, oneOf, text, type Fields } from './value-tree.ts';

const nameOrNone = '^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?)?$';

/** Settings that follow from these values. */
export const engineSettings = [
  'SEARCH_ENGINE',
  'OPENSEARCH_URL',
  'OPENSEARCH_USER',
  'OPENSEARCH_CA_FILE',
  'OPENSEARCH_ALIAS',
] as const;

export const engineValues: Fields = {
  engine: oneOf('What answers searches: its database, or OpenSearch.', 'postgres', [
    'postgres',
    'opensearch',
  ]),
  opensearch: group('OpenSearch 3, for engine opensearch; never part of these charts.', {
    urls: leaf('Addresses of its nodes, such as https://opensearch.search:9200; at least one.', [], {
      type: 'array',
      items: { type: 'string', pattern: '^https?://[^ ,@]+$' },
      uniqueItems: true,
    }),
    user: text(
      'User with the role of files/opensearch-role.yml in the umbrella; its password is in global.secrets.search. Empty is none.',
      '',
    ),
    alias: text(
      'Name of the index, one for each platform that shares an OpenSearch.',
      'evently-events',
      '^[a-z][a-z0-9-]{0,60}$',
    ),
    caSecret: text(
      'Secret with the authority that signs its certificate; empty is the system list.',
      '',
      nameOrNone,
    ),
    caKey: text('Key of the certificate in caSecret.', 'ca.crt'),
  }),
};
