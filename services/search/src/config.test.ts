import { expect, test } from 'vitest';
import { ConfigError } from '@evently/kit/config';
import { readSearchConfig } from './config.ts';

const database = { SEARCH_DATABASE_URL: 'postgres://localhost/search' };
const openSearch = {
  ...database,
  SEARCH_ENGINE: 'opensearch',
  OPENSEARCH_URL: 'https://one:9200,https://two:9200',
};

test('the engine is the database unless told otherwise, and OpenSearch may have several nodes and no account', () => {
  expect(readSearchConfig(database)).toMatchObject({ SEARCH_ENGINE: 'postgres', OPENSEARCH_URL: [] });
  expect(readSearchConfig(openSearch)).toMatchObject({
    OPENSEARCH_URL: ['https://one:9200', 'https://two:9200'],
    OPENSEARCH_USER: null,
    OPENSEARCH_PASSWORD: null,
  });
  const account = { OPENSEARCH_USER: 'evently', OPENSEARCH_PASSWORD: 'secret' };
  expect(readSearchConfig({ ...openSearch, ...account })).toMatchObject(account);
});

test.each([
  ['OpenSearch without an address', { ...openSearch, OPENSEARCH_URL: '' }, 'OPENSEARCH_URL: must name'],
  [
    'an address that is none',
    { ...openSearch, OPENSEARCH_URL: 'https://one,two' },
    'OPENSEARCH_URL: must be',
  ],
  [
    'an account in an address',
    { ...openSearch, OPENSEARCH_URL: 'https://me:secret@one' },
    'OPENSEARCH_USER and',
  ],
  [
    'a user without a password',
    { ...openSearch, OPENSEARCH_USER: 'evently' },
    'OPENSEARCH_PASSWORD: must be',
  ],
  ['a password of nobody', { ...openSearch, OPENSEARCH_PASSWORD: 'secret' }, 'OPENSEARCH_USER: must name'],
  [
    'an alias with a pattern',
    { ...openSearch, OPENSEARCH_ALIAS: 'evently-*' },
    'OPENSEARCH_ALIAS: "evently-*" must be',
  ],
])('%s is refused at the start, by the name of the setting', (_, env, says) => {
  expect(() => readSearchConfig(env)).toThrow(ConfigError);
  expect(() => readSearchConfig(env)).toThrow(says);
});
