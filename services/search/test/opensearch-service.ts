/** A search service on an OpenSearch of the test, with an index of its own. */
import { randomBytes } from 'node:crypto';
import { createSearchUnderTest, type SearchUnderTest, type UnderTestOptions } from './search-service.ts';

/** Nothing is started. A test of outages gives up sooner. */
export function createOnOpenSearch(
  url: string,
  env: UnderTestOptions['env'] = {},
  beside?: SearchUnderTest,
): Promise<SearchUnderTest> {
  return createSearchUnderTest({
    ...(beside === undefined ? {} : { beside }),
    env: {
      SEARCH_ENGINE: 'opensearch',
      OPENSEARCH_URL: url,
      OPENSEARCH_ALIAS: `evently-events-${randomBytes(6).toString('hex')}`,
      SEARCH_QUERY_MS: '5000',
      ...env,
    },
  });
}
